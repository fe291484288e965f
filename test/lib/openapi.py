"""What was sent and answered, held against an OpenAPI 3.0 document.

    openapi.py DOCUMENT LOG [PREFIX]

LOG is what test/stub/vendor.py writes: a JSON line for each request with method,
path, body, status, answer. Every request has to be an operation of the document,
with the parameters that it knows and a body that fits; every answer has to be
one of that operation's, and to fit. PREFIX stands before the paths of the
document in those of the log, or "-PREFIX" before those of the log. Prints what
does not, a line each; exits with 1 if there is anything, 2 if it cannot look.

With OPENAPI_PARTIAL set, answers need not hold all that the document demands:
for a vendor's own document, of which a stand-in fills what is read. A request
that was refused with 4xx need not fit; one whose answer was lost has status 0.
"""

import json
import os
import re
import sys
import urllib.parse

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
}
PARTIAL = bool(os.environ.get("OPENAPI_PARTIAL"))


class Document:
    def __init__(self, text):
        self.all = json.loads(text)
        self.paths = []
        for path, item in self.all["paths"].items():
            literal = re.split(r"(\{[^}]*\})", path)
            pattern = "".join(
                "([^/]+)" if part.startswith("{") else re.escape(part)
                for part in literal
            )
            # a literal path wins over one with a variable in it
            self.paths.append((path.count("{"), re.compile(pattern), path, item))
        self.paths.sort(key=lambda p: p[0])

    def follow(self, node):
        while isinstance(node, dict) and "$ref" in node:
            names = node["$ref"].split("/")[1:]
            node = self.all
            for name in names:
                node = node[name.replace("~1", "/").replace("~0", "~")]
        return node

    def find(self, path):
        """What the document says of a path, and its variables' values"""
        for _, pattern, name, item in self.paths:
            found = pattern.fullmatch(path)
            if found:
                names = re.findall(r"\{([^}]*)\}", name)
                return item, dict(zip(names, found.groups()))
        return {}, {}

    def wrong(self, schema, value, at, answer=False):
        """What is wrong with a value, as texts"""
        schema = self.follow(schema)
        if value is None and (schema.get("nullable") or not schema):
            return []
        found = []
        for part in schema.get("allOf", ()):
            found += self.wrong(part, value, at, answer)
        for word in ("oneOf", "anyOf"):
            if word not in schema:
                continue
            tries = [self.wrong(s, value, at, answer) for s in schema[word]]
            if all(tries):
                found += min(tries, key=len)
        return found + self.wrong_itself(schema, value, at, answer)

    def wrong_itself(self, schema, value, at, answer):
        kind = schema.get("type")
        if kind in ("integer", "number"):
            good = isinstance(value, (int, float)) and not isinstance(
                value, bool
            )
            if kind == "integer":
                good = good and value == int(value)
        else:
            good = kind is None or isinstance(value, TYPES[kind])
        if not good:
            return ["%s: %s is no %s" % (at, json.dumps(value), kind)]
        found = []
        if "enum" in schema and value not in schema["enum"]:
            found.append("%s: '%s' is none of those there are" % (at, value))
        if isinstance(value, str):
            if not re.search(schema.get("pattern", ""), value):
                found.append("%s: '%s' does not fit" % (at, value))
            if len(value) > schema.get("maxLength", len(value)):
                found.append("%s: too long" % at)
        elif isinstance(value, (int, float)):
            if not schema.get("minimum", value) <= value <= schema.get(
                "maximum", value
            ):
                found.append("%s: %s is out of bounds" % (at, value))
        elif isinstance(value, list):
            for i, item in enumerate(value):
                where = "%s[%d]" % (at, i)
                found += self.wrong(schema.get("items", {}), item, where, answer)
        if isinstance(value, dict):
            found += self.wrong_members(schema, value, at, answer)
        return found

    def wrong_members(self, schema, value, at, answer):
        known = schema.get("properties", {})
        other = schema.get("additionalProperties", True)
        found = []
        for name in schema.get("required", ()):
            if name not in value and not (answer and PARTIAL):
                found.append("%s: '%s' is missing" % (at, name))
        for name, item in value.items():
            where = at + "." + name
            if name in known:
                found += self.wrong(known[name], item, where, answer)
            elif other is False:
                found.append("%s: nobody knows it" % where)
            elif isinstance(other, dict):
                found += self.wrong(other, item, where, answer)
        return found

    def parameters(self, item, operation):
        for node in item.get("parameters", []) + operation.get("parameters", []):
            yield self.follow(node)

    def wrong_parameters(self, item, operation, where, given):
        """where: "query" or "path"; given: the values of each name"""
        known = {
            p["name"]: p
            for p in self.parameters(item, operation)
            if p["in"] == where
        }
        found = [
            "?%s is missing" % name
            for name, p in known.items()
            if p.get("required") and name not in given
        ]
        for name, values in given.items():
            if name not in known:
                found.append("?%s: nobody knows it" % name)
                continue
            schema = self.follow(known[name]["schema"])
            value = values if schema.get("type") == "array" else values[0]
            if schema.get("type") == "integer" and re.fullmatch(r"\d+", value):
                value = int(value)
            found += self.wrong(schema, value, "?" + name)
        return found

    def wrong_request(self, item, operation, query, names, body):
        found = self.wrong_parameters(item, operation, "query", query)
        found += self.wrong_parameters(item, operation, "path", names)
        wanted = self.follow(operation.get("requestBody", {}))
        if not wanted:
            return found + (["a body, where none is wanted"] if body else [])
        if not body:
            return found + (["no body"] if wanted.get("required") else [])
        schema = wanted["content"]["application/json"]["schema"]
        return found + self.wrong(schema, json.loads(body), "body")

    def wrong_answer(self, operation, status, answer):
        text = str(status)
        all_ = operation["responses"]
        for name in (text, text[0] + "xx", text[0] + "XX", "default"):
            if name in all_:
                break
        else:
            return ["status %s is none that it answers" % text]
        content = self.follow(all_[name]).get("content", {})
        if "application/json" not in content:
            return ["an answer, where none is due"] if answer else []
        schema = content["application/json"]["schema"]
        return self.wrong(schema, answer, "answer", True)

    def look(self, line, prefix):
        url = urllib.parse.urlsplit(line["path"])
        path = url.path
        if prefix.startswith("-"):
            path = prefix[1:] + path
        elif path.startswith(prefix):
            path = path[len(prefix) :]
        item, names = self.find(path)
        names = {k: [urllib.parse.unquote(v)] for k, v in names.items()}
        operation = item.get(line["method"].lower())
        if operation is None:
            return ["no such operation"]
        query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
        status = line.get("status", 0)
        found = []
        if not 400 <= status < 500:
            found = self.wrong_request(
                item, operation, query, names, line["body"]
            )
        if status:
            found += self.wrong_answer(operation, status, line.get("answer"))
        return found


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        document = Document(f.read())
    prefix = sys.argv[3] if len(sys.argv) > 3 else ""
    bad = 0
    with open(sys.argv[2], encoding="utf-8") as f:
        for text in f:
            line = json.loads(text)
            for problem in document.look(line, prefix):
                print(line["method"], line["path"], problem)
                bad = 1
    return bad


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError, KeyError, IndexError) as error:
        print("openapi.py: %r" % error, file=sys.stderr)
        sys.exit(2)
