"""Reading ``../template.yaml``: as it is, packaged, and translated to plain CloudFormation.

`sam package` puts into the template where code and image lie. Here they lie nowhere, because ``functions.py`` runs
them from a folder; so placeholders go where sam would put addresses, and nothing else is changed.
"""

from __future__ import annotations

import copy
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

TEMPLATE: Final = Path(__file__).resolve().parents[1] / "template.yaml"
CODE_BUCKET: Final = "code-of-functions"
CODE_KEY: Final = "starter.zip"
_IMAGE: Final = "000000000000.dkr.ecr.us-west-1.amazonaws.com/parkinson-eye-tracking:worker"


def read_template() -> dict[str, Any]:
    """The template, with the short forms of intrinsic functions spelt out."""
    template: dict[str, Any] = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    return template


def packaged(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template as `sam package` leaves it: each function says where its code or image lies."""
    made: dict[str, Any] = copy.deepcopy(dict(template))
    for resource in made["Resources"].values():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        properties = resource["Properties"]
        if properties.get("PackageType") == "Image":
            properties["ImageUri"] = _IMAGE
        else:
            properties["CodeUri"] = {"Bucket": CODE_BUCKET, "Key": CODE_KEY}
    return made


def translated(template: Mapping[str, Any], parameters: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Plain CloudFormation, as AWS makes it of the packaged template before it deploys anything."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-west-1")
    translator = Translator(managed_policy_map={}, sam_parser=Parser())
    plain: dict[str, Any] = translator.translate(packaged(template), dict(parameters or {}))
    return plain


def main() -> int:
    """``python -m lambda_fn.local.template``: print the translated template, for linters and for reading."""
    json.dump(translated(read_template()), sys.stdout, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
