#!/usr/bin/env python3
"""Reads nextest's JUnit file and says what ran: a test that printed `skipped: ...` passed, but showed nothing."""

import re
import sys
import xml.etree.ElementTree as ElementTree


def main(path: str) -> int:
    try:
        cases = list(ElementTree.parse(path).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        print(f"no test results: {error}", file=sys.stderr)
        return 1
    passed = failed = 0
    skipped = []
    for case in cases:
        output = "\n".join(case.findtext(stream) or "" for stream in ("system-out", "system-err"))
        reason = re.search(r"^skipped: .*$", output, re.MULTILINE)
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or reason:
            skipped.append((case.get("classname"), case.get("name"), reason.group(0) if reason else "skipped"))
        else:
            passed += 1
    for package, name, reason in sorted(skipped):
        print(f"  {package} {name}: {reason}")
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
