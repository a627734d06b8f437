"""Terraform's language: what a folder of `*.tf` and `*.tf.json` says, as far as it can be known without running Terraform.

syntax.py      HCL text -> the shape of Terraform's JSON syntax, with expressions that are not evaluated yet
evaluate.py    an expression and the names it may use -> a value, or what it is made of when it is not known
templates.py   strings, heredocs and `${...}`, of HCL and of JSON
functions.py   Terraform's functions over values; files.py: those that read files
types.py       `type` of a variable: conversion, and defaults of optional attributes
folder.py      the files of one folder; variable_files.py: which `*.tfvars` count
module.py      one call of a module: its variables, locals, outputs, and the instances of its resources
"""
