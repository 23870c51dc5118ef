"""The patch difference, as vectors of 16 bit numbers: the one loop that nearly all of a synthesis is spent in.

numba types the product of two int32 as int64, and its loops over channels do not become vector code: 360 ns for 5×5 patches of 16 channels.
The intrinsics below write the loop in LLVM's own vector types instead, which every processor that LLVM knows can run: 20 ns where it
has AVX2 or more. Row length is known at run time only, so one compiled kernel serves every patch size and number of channels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

LANES = 16
SLACK = 2 * LANES  # numbers that must follow the last pixel: the last vector of a row reads past its end and masks what it read

_I16, _I32, _I64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)
_V16, _V32, _HALF = ir.VectorType(_I16, LANES), ir.VectorType(_I32, LANES), ir.VectorType(_I32, LANES // 2)


def row_mask(length: int, leave_out: int = 0, channels: int = 1) -> NDArray[np.int16]:
    """-1 for every number of a row of `length`, 0 for what the last vector reads past it and for the first `leave_out` of `channels`."""
    mask = np.zeros(-(-length // LANES) * LANES, np.int16)
    mask[:length] = -(np.arange(length) % channels >= leave_out).astype(np.int16)
    return mask


def _load(builder: Any, array: Any, index: Any) -> Any:
    pointer = builder.bitcast(builder.gep(array.data, [index]), _V16.as_pointer())
    value = builder.load(pointer)
    value.align = 2
    return value


def _has_avx2(context: Any) -> bool:
    return "+avx2" in context.codegen().magic_tuple()[2]


def _call(builder: Any, name: str, result: Any, *values: Any) -> Any:
    kind = ir.FunctionType(result, [v.type for v in values])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), values)


def _scaled(context: Any, builder: Any, difference: Any, weight: Any) -> Any:
    """round(difference·weight/2¹⁵)."""
    if _has_avx2(context):
        return _call(builder, "llvm.x86.avx2.pmul.hr.sw", _V16, difference, weight)
    wide = builder.mul(builder.sext(difference, _V32), builder.sext(weight, _V32))
    half, shift = (ir.Constant(_V32, [number] * LANES) for number in (1 << 14, 15))
    return builder.trunc(builder.ashr(builder.add(wide, half), shift), _V16)


def _pairs(context: Any, builder: Any, values: Any) -> Any:
    """Squares, added in pairs of neighbours."""
    if _has_avx2(context):  # LLVM does not see by itself that this is one instruction
        return _call(builder, "llvm.x86.avx2.pmadd.wd", _HALF, values, values)
    halves = []
    for first in (0, 1):
        picked = builder.shuffle_vector(values, values, ir.Constant(_HALF, list(range(first, LANES, 2))))
        wide = builder.sext(picked, _HALF)
        halves.append(builder.mul(wide, wide))
    return builder.add(*halves)


def _difference(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Emit Σ over rows and vectors of the masked, perhaps weighted, squared difference."""
    kinds = signature.args
    _, a, target_row, _, b, source_row, rows, _, _ = args
    arrays = [context.make_array(kinds[i])(context, builder, args[i]) for i in (0, 3, 7, 8)]
    vectors = builder.udiv(cgutils.unpack_tuple(builder, arrays[2].shape)[0], ir.Constant(_I64, LANES))
    total = cgutils.alloca_once_value(builder, ir.Constant(_HALF, [0] * (LANES // 2)))
    with cgutils.for_range(builder, rows, intp=_I64) as row:
        at = builder.add(a, builder.mul(row.index, target_row))
        other = builder.add(b, builder.mul(row.index, source_row))
        with cgutils.for_range(builder, vectors, intp=_I64) as part:
            step = builder.mul(part.index, ir.Constant(_I64, LANES))
            here = _load(builder, arrays[0], builder.add(at, step))
            difference = builder.sub(here, _load(builder, arrays[1], builder.add(other, step)))
            if kinds[8].ndim == 1:
                difference = _scaled(context, builder, difference, _load(builder, arrays[3], builder.add(at, step)))
            masked = builder.and_(difference, _load(builder, arrays[2], step))
            builder.store(builder.add(builder.load(total), _pairs(context, builder, masked)), total)
    return _call(builder, f"llvm.vector.reduce.add.v{LANES // 2}i32", _I32, builder.load(total))


@intrinsic
def patch_difference(typingctx, target, a, target_row, source, b, source_row, rows, mask, weights):  # type: ignore[no-untyped-def]
    """Σ (target[a + …] − source[b + …])² over `rows` rows of a patch, int16 in, int32 out.

    `a` and `b` are the indices of the patches' first numbers in two flat arrays, `target_row` and `source_row` what a row further adds.
    `mask` is `row_mask`. `weights` is flat like `target`, 2¹⁵ for 1, or has two dimensions and no size: no weights.
    """
    index = types.int64
    signature = types.int32(target, index, index, source, index, index, index, mask, weights)
    return signature, _difference
