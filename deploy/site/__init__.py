"""The page in its bucket: a component of Serverless Devs (index.js), and what it runs."""
