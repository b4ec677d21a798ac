#!/usr/bin/env python3
"""Shows Doxygen a header of kith: `//` comments as documentation, each line in its place.

    // Leading, before what it explains.       ->  /// ...
    int member;  // trailing, going on         ->  int member;  /**< ... */
                 // where it began
    struct Type {  // the same                 ->  /** ... */ struct Type {
    //   a drawing, indented by two or more    ->  verbatim

The first comment of a file explains the file, a rule (`// --- like this ---`) nothing."""

import re
import sys

LEADING = re.compile(r"^(?P<indent> *)//(?P<text>| .*)$")
TRAILING = re.compile(r"^(?P<code>.*\S) +// (?P<text>.*)$")
RULE = re.compile(r"^ -{3} ")
DRAWING = re.compile(r"^ {3,}\S")
# What Doxygen would take for a command, a tag or a link.
MARKUP = re.compile(r"([\\@<>#%&])")


def escape(text):
    return MARKUP.sub(r"\\\1", text)


def convert(lines):
    converted = []
    begun = False
    while len(converted) < len(lines):
        at = len(converted)
        if LEADING.match(lines[at]):
            block = comments_from(lines, at)
            if not begun and at > 0 and not lines[at - 1]:
                converted[-1] = "/// @file"
            begun = True
            converted += convert_block(block)
        elif trailing := TRAILING.match(lines[at]):
            column = lines[at].rindex("// " + trailing["text"])
            rest = [more for more in comments_from(lines, at + 1) if len(more["indent"]) == column]
            text = escape(trailing["text"] + "".join(more["text"] for more in rest))
            code = trailing["code"]
            opens = code.endswith("{")
            converted.append(f"/** {text} */ {code}" if opens else f"{code}  /**< {text} */")
            converted += [""] * len(rest)
        else:
            converted.append(lines[at])
    return converted


def comments_from(lines, at):
    block = []
    while at < len(lines) and (match := LEADING.match(lines[at])):
        block.append(match)
        at += 1
    return block


def convert_block(block):
    if RULE.match(block[0]["text"]):
        return [match[0] for match in block]
    texts = [match["text"] for match in block]
    converted = []
    drawing = False
    for number, text in enumerate(texts):
        # A drawing goes on over the empty lines in it.
        rest = next((later for later in texts[number:] if later), "")
        prefix = ""
        if bool(DRAWING.match(rest)) and not drawing:
            drawing, prefix = True, "@verbatim"
        elif drawing and not DRAWING.match(rest):
            drawing, prefix = False, "@endverbatim"
        body = text if drawing else escape(text)
        converted.append(f"{block[number]['indent']}///{' ' + prefix if prefix else ''}{body}")
    if drawing:
        converted[-1] += " @endverbatim"
    return converted


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as header:
        print("\n".join(convert(header.read().split("\n"))))
