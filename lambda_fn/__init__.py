"""The AWS Lambda around the analysis core. It comes with the cloud path, which this version does not have."""
