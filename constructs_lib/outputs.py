"""Gives the declared outputs of a stack their values; what they are is in output_contract.py."""

from cdktf import TerraformOutput, TerraformStack

from constructs_lib.output_contract import outputs_of


def add_output(stack: TerraformStack, name: str, value: object) -> None:
    """Adds a declared output, described by its meaning.

    Raises:
        KeyError: this stack declares no such output.
    """
    TerraformOutput(stack, name, value=value, description=outputs_of(stack.node.id)[name].meaning)
