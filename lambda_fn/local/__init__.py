"""Amazon's side on one machine, for trying the cloud path without an account and without Docker.

``python -m lambda_fn.local`` (``make cloud``) starts, all on loopback:

* ``emulator.py``: ministack, which answers for S3, DynamoDB, SQS, KMS, IAM, CloudFormation and API Gateway, with
  permissions enforced and over TLS;
* ``deployment.py``: ``../template.yaml``, by change set, and what the emulator leaves out of it;
* ``functions.py`` and ``execution.py``: the functions, under the runtime interface client that AWS itself uses, with
  the memory, time, payload and credentials that the template gives them;
* ``front_door.py``: the limits of API Gateway that the emulator does not keep;
* ``cloud.py``: all of it together.

None of this is part of what is deployed. What it proves and what only AWS can prove is in the README.
"""
