"""The innermost loops of the limbus instrument, in C: what each pixel and each ray of a frame needs.

What they do is told in the Python modules that call them, which hold every constant, check every array and name every
unit; a ``.c`` file holds arithmetic alone. :mod:`shared.kernels.library` calls them, :mod:`shared.kernels.build`
compiles them, once on each machine, in some seconds: with any C compiler, and with that of the ``ziglang`` package
where there is none. As a hundred short numpy steps the same work took three to four times as long.
"""
