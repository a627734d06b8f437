"""Service models without their documentation."""

import subprocess
import sys

# In a process of its own: the patch is for good.
_PROGRAM = """
import json, boto3
from botocore.loaders import Loader
plain = Loader().load_service_model("lambda", "service-2")
from localcloud.service_models import load_without_documentation
load_without_documentation()
lean = Loader().load_service_model("lambda", "service-2")

def stripped(value):
    if isinstance(value, dict):
        is_text = isinstance(value.get("documentation"), str)
        return {key: "" if is_text and key == "documentation" else stripped(each) for key, each in value.items()}
    return [stripped(each) for each in value] if isinstance(value, list) else value

assert plain["documentation"] and not lean["documentation"]
assert json.dumps(stripped(plain)) == json.dumps(lean)  # the order too
client = boto3.client("lambda", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
url = client.generate_presigned_url("list_functions")  # by the rules of endpoints
assert url.startswith("https://lambda.us-east-1.amazonaws.com/"), url
assert Loader().load_service_model("s3", "paginators-1")["pagination"]
"""


def test_models_are_whole_but_for_their_documentation() -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", _PROGRAM], check=True)
