"""The dashboard on the deployed service. Imported only where the cloud is set up."""
