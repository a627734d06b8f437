"""The trap linter: finds in Terraform JSON what plans cleanly and then does not fail over.

reading.py     files -> documents, whichever of Terraform's three JSON shapes they have
shown.py, configured.py   plans and states: what they know, and what stands behind what a plan does not
values.py      a block of Terraform with the values that are known and the expressions that are not
model.py       documents -> one configuration, in which references lead to resources
rules/         what is looked for, one module per subject; not_checkable.py says what no JSON can show
waivers.py     what is meant, waived on its resource with the reason; gate.py: the lint at the end of our own synth
report.py, sarif.py, docs.py   findings as text, JSON and SARIF; the rules as a page
"""
