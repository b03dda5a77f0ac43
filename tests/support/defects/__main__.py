"""Run the kit on every wrong decoder and print what it finds: a family a time, all levels or those that are named."""

import sys

from support.defects import FAMILIES
from support.defects.finding import found


def main(names: list[str]) -> int:
    """Print a line for each defect. Words: families, levels, and parts of names of defects; none: everything."""
    levels = [word for word in names if word in ("L0", "L1", "L2", "L3")]
    families = [word for word in names if word in FAMILIES] or list(FAMILIES)
    parts = [word for word in names if word not in levels and word not in FAMILIES]
    told = []
    for family in families:
        for defect in FAMILIES[family]:
            if not parts or any(part in defect.name for part in parts):
                told.append(found(defect, levels or None))
                print(told[-1], flush=True)
    missed = [one for one in told if not one.case]
    right = sum(one.right_page for one in told if one.case)
    print(
        f"{len(told)} planted, {len(told) - len(missed)} found, the page is right for {right}; "
        f"the latest after {max((one.seconds for one in told if one.case), default=0.0):.1f} s"
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
