"""What a team needs beside the function and the page: upload links, and later the deployment itself."""
