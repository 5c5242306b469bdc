"""The numbers of chapter 12 that exercises ask for."""

from math import log

from . import value
from .values import Value

# Each letter's followers in "Mississippi" with their shares: i has s, s, p; s has s, i, s, i; p has p, i.
FLOOR = -2 * log(2 / 3) - log(1 / 3) + 4 * log(2) + 2 * log(2)

value(
    "word.mississippi-ceiling",
    Value(
        10 * log(4),
        [
            (11 * log(4), "11 letters make only 10 predictions."),
            (10 * log(11), "V counts different letters."),
            (11 * log(11), "11 letters make only 10 predictions, and V counts different letters."),
            (log(4), "That is the mean; the question is about the sum."),
            (20, "That is in bits."),
        ],
    ),
)
value(
    "word.mississippi-floor",
    Value(
        FLOOR,
        [
            (FLOOR / 10, "That is the mean; the question is about the sum."),
            (FLOOR / log(2), "That is in bits."),
            (FLOOR - 2 * log(2), "After p come two different letters too."),
            (6 * log(2), "K ln K is for letters that are followed once by each; s is followed four times."),
            (3 * log(3) + 10 * log(2), "After i come two different letters, not three, and after s two, not four."),
            (9 * log(2), "After i, the followers are not two equal halves: s comes twice, p once."),
        ],
    ),
)
value(
    "word.mississippi-memory",
    Value(
        5,
        [
            (1, "i is followed by s and by p."),
            (2, "si is followed by s and by p."),
            (3, "ssi is followed by s and by p."),
            (4, "issi occurs twice: once followed by s, once by p."),
            (6, "Fewer are enough."),
        ],
    ),
)
value(
    "word.certainty",
    Value(
        -log(0.99),
        [
            (log(0.99), "A loss is *minus* a logarithm."),
            (-log(0.99) / log(2), "That is in bits."),
            (-log(0.99) / 14, "That is the mean; the question is about the sum."),
            (-log(0.01), "That is the loss at which 1 of 100 is right."),
            (-14 * log(0.99), "So each *letter* is right in 99 of 100 cases, not the word."),
        ],
    ),
)
value(
    "word.still-right",
    Value(
        {"W_hy", "b_y"},
        [
            ({"W_hy"}, "W_hy is, and so is one more, which needs no states at all."),
            ({"b_y"}, "b_y is, and so is one more: the states come from the forward pass, which is right."),
            ({"W_hy", "b_y", "b_h"}, "b_h gets the sum of the δ_t, and each but the last lacks what is felt later."),
            ({"W_hy", "b_y", "W_xh"}, "The letters are right, but each is multiplied by its δ_t."),
            (
                {"W_hy", "b_y", "W_xh", "b_h"},
                "Not W_hh alone: the gradients by W_xh and b_h have the δ_t in them too.",
            ),
        ],
    ),
)
