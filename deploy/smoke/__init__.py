"""`make smoke`: whether a deployment does what it must."""
