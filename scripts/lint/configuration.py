"""A root module with all modules that it calls -> a document. Which files there are is for reading.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scripts.lint.hcl.blocks import block_of
from scripts.lint.hcl.folder import Declared, Folder
from scripts.lint.hcl.module import FolderReader, Made, Module, Notes
from scripts.lint.hcl.templates import final
from scripts.lint.model import Document, LeftOut, Resource, Waiver
from scripts.lint.values import Block, Value

HOW_A_PLAN_SETTLES_IT = "a plan settles it: terraform plan -out=p && terraform show -json p | failover lint -"


def configuration_document(name: str, path: str, folder: Folder, read_folder: FolderReader) -> Document:
    """Returns a root module as a document.

    Args:
        name: its name in findings.
        path: its first file.
        folder: what its files declare.
        read_folder: returns the folders of the modules that it calls, None where there is no configuration.
    """
    notes = Notes()
    module = Module(folder, read_folder, notes)
    resources = tuple(_resource(name, made) for made in module.made())
    outputs = {key: final(value) for key, value in module.outputs().items()}
    backend = next(iter(folder.backends.items()), None)
    return Document(
        name=name,
        path=backend[1].path if backend else path,
        shape="configuration",
        resources=resources,
        outputs=outputs,
        backend=(backend[0], Block(block_of(backend[1].body, module.scope))) if backend else None,
        backend_line=backend[1].line if backend else None,
        backend_waivers=tuple(_backend_waivers(folder, backend[1])) if backend else (),
        aws_provider_version=next(filter(None, map(_required_version, folder.required)), None),
        provider_regions=frozenset(
            region for key in folder.providers if (region := module.provider(key).text("region"))
        ),
        left_out=tuple(_left_out(path, folder, notes)),
        elsewhere=tuple(Block(dict(arguments)) for _, _, _, arguments in notes.unread_calls),
        loose_waivers=tuple(
            Waiver(rule_id=rule_id, reason=comment.reason, where=f"{file}:{comment.line}")
            for file, comment in folder.comments
            for rule_id in comment.rule_ids
        ),
    )


def _resource(document: str, made: Made) -> Resource:
    body = Block(made.values)
    return Resource(
        document=document,
        path=made.declared.path,
        line=made.declared.line,
        address=made.address,
        type=made.type,
        is_data=made.is_data,
        region=body.text("region") or made.provider.text("region"),
        body=body,
        role=made.provider.block("assume_role").text("role_arn") or "",
        depends_on=made.depends_on,
        waivers=(
            *(waiver for declared in (made.declared, *made.calls) for waiver in _commented(declared)),
            *json_waivers(body, f"{made.declared.path} ({made.block})"),
        ),
        is_certain=made.is_certain,
    )


def _commented(declared: Declared) -> Iterator[Waiver]:
    for comment in declared.comments:
        for rule_id in comment.rule_ids:
            yield Waiver(rule_id=rule_id, reason=comment.reason, where=f"{declared.path}:{comment.line}")


def json_waivers(body: Block, where: str) -> Iterator[Waiver]:
    """Yields the waivers in a block's `//`, which Terraform ignores.

    https://developer.hashicorp.com/terraform/language/syntax/json#comment-properties
    """
    for waiver in body.block("//").block("failover_lint").blocks("waive"):
        yield Waiver(rule_id=waiver.text("id") or "", reason=waiver.text("comment") or "", where=where)


def _backend_waivers(folder: Folder, backend: Declared) -> Iterator[Waiver]:
    for around in folder.terraform:
        yield from _commented(Declared(path=backend.path, body=around))
    yield from _commented(backend)
    for raw in (backend.body, *folder.terraform):
        if isinstance(raw.get("//"), Mapping):
            yield from json_waivers(Block({"//": _plain(raw["//"])}), backend.path)


def _plain(raw: object) -> Value:
    if isinstance(raw, Mapping):
        return {str(key): _plain(value) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_plain(item) for item in raw]
    return raw if isinstance(raw, str | bool | int | float) else None


def _left_out(path: str, folder: Folder, notes: Notes) -> Iterator[LeftOut]:
    for file, line in folder.broken:
        yield LeftOut(
            path=file, address=file, line=line, reason=f"line {line} is no HCL; what is around it was left out"
        )
    for declared, address, reason, _ in notes.unread_calls:
        yield LeftOut(
            path=declared.path, address=address, line=declared.line, reason=f"{reason}; {HOW_A_PLAN_SETTLES_IT}"
        )
    for declared, address, decider in notes.uncounted:
        reason = f"its {decider} is not known, so it may be none; {HOW_A_PLAN_SETTLES_IT}"
        yield LeftOut(path=declared.path, address=address, line=declared.line, reason=reason)
    for file in folder.values_left if notes.unvalued else ():
        reason = f"one of several files of values, which Terraform reads when it is told to; give --var-file {file}"
        yield LeftOut(path=file, address=file, reason=reason)
    if notes.unvalued:
        names = ", ".join(f"var.{name}" for name in notes.unvalued)
        reason = f"no default and no *.tfvars gives a value; give --var-file FILE, or {HOW_A_PLAN_SETTLES_IT}"
        yield LeftOut(path=path, address=names, line=None, reason=reason)


def _required_version(required: Mapping[str, object]) -> str | None:
    return Block({"aws": _version(required.get("aws"))}).text("aws")


def _version(raw: object) -> Value:
    from scripts.lint.hcl.folder import written, written_map

    if isinstance(raw, Mapping):
        return written(raw.get("version")) or None
    return written_map(raw).get("version", "").strip('"') or written(raw) or None
