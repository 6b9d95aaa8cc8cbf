"""What Serverless Devs keeps on this machine: components, credentials, logs."""
