"""`make doctor`: what is wrong with a deployment."""
