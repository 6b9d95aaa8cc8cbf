"""What s.yaml runs before and after Serverless Devs does its work."""
