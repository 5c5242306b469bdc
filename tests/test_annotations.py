"""What others call says its types, as `py.typed` promises."""

import inspect
from importlib import import_module

import pytest

import rnnlib

FUNCTIONS = ("agree", "plotting", "torch_twin")  # rooms of one module, without an `__all__`


def public(room):
    """The functions of a room that others call, and the methods of its classes, by name."""
    module = import_module(f"rnnlib.{room}")
    names = getattr(module, "__all__", None) or [
        name for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    ]  # fmt: skip
    for name in names:
        thing = getattr(module, name)
        if inspect.isclass(thing):
            for method, function in inspect.getmembers(thing, inspect.isfunction):
                ours = function.__module__.startswith("rnnlib") and function.__qualname__.split(".")[0] in names
                if (
                    ours
                    and (not method.startswith("_") or method == "__init__")
                    and "<locals>" not in function.__qualname__
                ):
                    yield f"{name}.{method}", function
        elif inspect.isfunction(thing):
            yield name, thing


def missing(function):
    signature = inspect.signature(function)
    for name, parameter in signature.parameters.items():
        variable = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if name not in ("self", "cls") and not variable and parameter.annotation is parameter.empty:
            yield name
    if signature.return_annotation is signature.empty and function.__name__ != "__init__":
        yield "return"


@pytest.mark.parametrize("room", rnnlib.ROOMS)
def test_what_others_call_is_annotated(room):
    found = {name: list(missing(function)) for name, function in public(room)}
    assert found
    assert not {name: what for name, what in found.items() if what}
