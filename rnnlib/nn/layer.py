"""What every layer has: named parameters W with gradients dW, and arrays that it keeps from step to step."""

import numpy as np

from rnnlib.arguments import require, require_choice


class Layer:
    """Parameters by name, their gradients by the same name with a d in front, and reusable buffers.

    ``layer.W_hh`` is a parameter and ``layer.dW_hh`` is ∂L/∂W_hh, of the same shape. Assigning to either
    copies the numbers into the array that is there, because a model keeps all parameters in one vector.

    Parameters
    ----------
    shapes : dict of str to tuple
        The shape of each parameter.
    dtype : str or numpy.dtype
        "float64" or "float32" (complex128 within the gradient check).
    """

    sizes = ("D", "H")  # what its repr names

    def __init__(self, shapes, dtype):
        self.dtype = np.dtype(dtype)
        require_choice("dtype", self.dtype.name, ("float64", "float32", "complex128"))
        self._buffers = {}
        self.bind(
            {name: np.zeros(shape, self.dtype) for name, shape in shapes.items()},
            {name: np.zeros(shape, self.dtype) for name, shape in shapes.items()},
        )

    def bind(self, parameters, gradients):
        """Use these arrays, by name, from now on."""
        self.parameters, self.gradients = parameters, gradients
        self._named = {**parameters, **{"d" + name: gradient for name, gradient in gradients.items()}}
        self._named |= {name: view for name, view in self.views().items()}

    def __getstate__(self):
        """For copies: without the named views, which would come out as arrays of their own."""
        return {name: value for name, value in self.__dict__.items() if name != "_named"}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.bind(self.parameters, self.gradients)

    def views(self):
        """Parts of parameters and gradients that have names of their own."""
        return {}

    def __getattr__(self, name):
        try:
            return self.__dict__["_named"][name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no {name!r}.") from None

    def __setattr__(self, name, value):
        array = self.__dict__.get("_named", {}).get(name)
        if array is None:
            return super().__setattr__(name, value)
        require(np.shape(value) in ((), array.shape), name, f"shape {array.shape}", np.shape(value))
        array[...] = value

    def buffer(self, name, shape):
        """The array kept under this name: allocated once, used again while the shape stays the same."""
        array = self._buffers.get(name)
        if array is None or array.shape != shape:
            array = self._buffers[name] = np.empty(shape, self.dtype)
        return array

    def __repr__(self):
        sizes = ", ".join(f"{name}={getattr(self, name)}" for name in self.sizes)
        count = sum(W.size for W in self.parameters.values())
        return f"{type(self).__name__}({sizes}: {count:,} parameters, {self.dtype})"
