"""What every layer has: named parameters W with gradients dW, and arrays that it keeps from pass to pass."""

import numpy as np

from rnnlib.arguments import float_dtype, require


class Layer:
    """Parameters by name, their gradients by the same name with a d in front, and reusable buffers.

    ``layer.W_hh`` is a parameter and ``layer.dW_hh`` is ∂L/∂W_hh, of the same shape. Assigning to either
    copies the numbers into the array that is there, because a model keeps all parameters in one vector. Assigning
    to another name would change nothing that the layer computes: it is refused with an AttributeError.

    Subclasses list in `keeps` what a pass leaves in the layer for the next.

    Parameters
    ----------
    shapes : dict of str to tuple
        The shape of each parameter.
    dtype : str or numpy.dtype
        "float64" or "float32" (complex128 within the gradient check).
    """

    sizes = ("D", "H")  # what its repr names
    keeps = ()
    fixed = ()  # parameters that are not learned: their gradients stay zero

    def __init__(self, shapes: dict[str, tuple[int, ...]], dtype: str | np.dtype):
        self.dtype = float_dtype(dtype)
        self._buffers = {}
        self.bind(
            {name: np.zeros(shape, self.dtype) for name, shape in shapes.items()},
            {name: np.zeros(shape, self.dtype) for name, shape in shapes.items()},
        )

    def bind(self, parameters: dict[str, np.ndarray], gradients: dict[str, np.ndarray]) -> None:
        """Use these arrays, by name, from now on."""
        self.__dict__.update(parameters=parameters, gradients=gradients)
        named = parameters | {"d" + name: gradient for name, gradient in gradients.items()} | self.views()
        self.__dict__.update(_named=named)

    def __getstate__(self):
        """For copies: without the named views, which would come out as arrays of their own."""
        return {name: value for name, value in self.__dict__.items() if name != "_named"}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.bind(self.parameters, self.gradients)

    def views(self) -> dict[str, np.ndarray]:
        """Parts of parameters and gradients that have names of their own."""
        return {}

    def __getattr__(self, name):
        try:
            return self.__dict__["_named"][name]
        except KeyError:
            known = self._parameter_names()
            raise AttributeError(f"{type(self).__name__} has no {name!r}; its parameters are {known}.") from None

    def __setattr__(self, name, value):
        named = self.__dict__.get("_named")
        if named is None or name in self.keeps:  # (None while a layer is being built)
            super().__setattr__(name, value)
        elif name in named:
            array = named[name]
            require(np.shape(value) in ((), array.shape), name, f"shape {array.shape}", np.shape(value))
            array[...] = value
        else:
            known = self._parameter_names()
            raise AttributeError(f"{type(self).__name__} can't assign to {name!r}, only to its parameters {known}.")

    def _parameter_names(self):
        named = self.__dict__.get("_named", {})
        return ", ".join(name for name in named if not (name[0] == "d" and name[1:] in named))

    def require_pass(self) -> None:
        """Refuse to go backward where no forward pass has left anything."""
        require(self.keeps[0] in self.__dict__, "backward", "a forward pass before it", "none")

    def buffer(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """The array kept under this name: allocated once, used again while the shape stays the same."""
        array = self._buffers.get(name)
        if array is None or array.shape != shape:
            array = self._buffers[name] = np.empty(shape, self.dtype)
        return array

    def __repr__(self):
        sizes = ", ".join(f"{name}={getattr(self, name)}" for name in self.sizes)
        count = sum(W.size for W in self.parameters.values())
        return f"{type(self).__name__}({sizes}: {count:,} parameters, {self.dtype})"
