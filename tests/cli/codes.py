#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every error and warning of rules files: code, message, place, snippet and exit status, as text and as JSON.

usage: codes.py [BINARY]

The codes and their texts are read from the rows of src/rules/report.c; a code without a case fails.
Last line: 'N passed, N failed, N skipped'."""
import glob, json, os, re, sys
from clidir import TOP, run_tests, same

ROW = r'^CODE\((LOAD_\w+), "((?:[^"\\]|\\.)*)",\s*(?:NULL|"((?:[^"\\]|\\.)*)")\)'
SOURCE = os.path.join(TOP, "src", "rules", "report.c")
APPEND = "'append' key is deprecated. Add an 'append' entry (e.g. 'condition: append') under 'override' instead."
SWITCH = ("The standalone 'enabled' key usage is deprecated. The correct approach requires also a 'replace' entry under the "
          "'override' key (i.e. 'enabled: replace').")
EVENTS = "Rule matches too many evt.type values. This has a significant performance penalty."
TRANSFORMERS = "a field with a valid transformer: 'val', 'tolower', 'toupper', 'b64', 'basename', 'len', 'join', 'concat', 'getopt'"
DIR = ("due to the drop of enter events, 'evt.dir = <' always evaluates to true, and 'evt.dir = >' always evaluates to false. "
       "The rule expression can be simplified by removing the condition on 'evt.dir'")
CONTAINER_INFO = ("%container.info is deprecated and no more useful, and will be dropped by Falco 1.0.0. The container plugin will "
                  "automatically add required fields to the output message.")
# Nothing in Falco or here raises these: they are for rules loaders that somebody else adds to Falco's engine.
# tests/unit/rules_load.c sees how they are printed.
NEVER_RAISED = ("LOAD_ERR_EXTENSION", "LOAD_WARNING_EXTENSION")

# tests/unit/rules_limits.c has the limits.
NO_CASE = {"error at line %u, column %u: %s", "The file has more than %u elements", "More than %u tags", "More than %u exceptions",
           "Too many alternatives", "List becomes too large when the lists in it are put in",
           "Condition becomes too large when the lists in it are put in",
           "Condition becomes too large when the macros in it are put in"}

CASES = []


def rule(cond="evt.type=open", extra="", name="r", output="o", priority="INFO"):
    """Lines: 0 rule, 1 desc, 2 condition, 3 output, 4 priority, 5 what is extra."""
    return "- rule: %s\n  desc: d\n  condition: %s\n  output: %s\n  priority: %s\n%s" % (name, cond, output, priority, extra)


class Note:
    """An error or warning: where is [(item type, item name, line, column)...] below the file, from 0."""

    def __init__(self, code, message, *where, **more):
        self.code, self.message, self.where = code, message, list(where)
        self.condition = more.get("condition")      # (text, column in it): the snippet is from the condition
        self.meant = more.get("meant")
        self.field = more.get("field")
        self.snippet = more.get("snippet")

    def places(self, name):
        found = [("rules content", "", name, 0, 0)] + [(kind, who, name, line, col) for kind, who, line, col in self.where]
        if self.condition:
            text, col = self.condition
            short = text if len(text) <= 20 else text[:17] + "..."
            _, _, _, above_line, above_col = found[-1]
            found.append(("condition expression", "", '"%s"' % short, above_line + self.below, above_col + col + self.below))
        return found

    below = 1   # an error's place in a condition counts from 1


class Whole(Note):
    """About a condition as a whole."""
    below = 0


def case(what, text, *notes, **more):
    CASES.append((what, text, notes, more))


def error(code, message, *where, **more):
    return Note("LOAD_ERR_" + code, message, *where, **more)


def warn(code, message, *where, **more):
    return Note("LOAD_" + code, message, *where, **more)


R = ("rule", "r", 0, 2)         # where most of it stands
COND = ("rule condition", "", 2, 13)


# ---- the file ----------------------------------------------------------------------------------------

case("unreadable", None, error("FILE_READ", "Input/output error", snippet="<No context available>\n"), path="/proc/self/mem")
case("no YAML", "- rule: a: b\n", error("YAML_PARSE", re.compile(r"error at line 1, column 10: \w.*"), ("value for", "", 0, 9)))
case("an open quote", "- list: l\n  items: ['a\n", error("YAML_PARSE", re.compile(r"error at line \d+, column \d+: \w.*"),
                                                          ("value for", "", 2, 0)))
case("a tab", "- list: l\n\titems: [a]\n", error("YAML_PARSE", re.compile(r"error at line 2, column 1: \w.*"), ("value for", "", 1, 0)))
case("words", "just words\n", error("YAML_VALIDATE", "Rules content is not yaml"))
case("a mapping", "rule: r\n", error("YAML_VALIDATE", "Rules content is not yaml array of objects"))
case("the second document is a mapping", "- list: l\n  items: [a]\n---\na: b\n",
     error("YAML_VALIDATE", "Rules content is not yaml array of objects"))
case("an item is no mapping", "- list: l\n  items: [a]\n- word\n",
     error("YAML_VALIDATE", "Unexpected element type. Each element should be a yaml associative array.", ("rules content item", "", 2, 2)))
case("unknown item", "# first\n- thing: 1\n", warn("UNKNOWN_ITEM", "Unknown top level item", ("rules content item", "", 1, 2)))
case("empty file", "")
case("empty documents and items", "---\n---\n- \n- list: l\n  items: [a]\n---\n" + rule("evt.type=open and proc.name in (l)"))

# ---- values of keys ----------------------------------------------------------------------------------

for kind, key in (("list", "items"), ("macro", "condition")):
    case("%s without %s" % (kind, key), "- %s: x\n" % kind,
         error("YAML_VALIDATE", "Item has no mapping for key '%s'" % key, (kind, "x", 0, 2)))
for kind in ("list", "macro", "rule"):
    case("%s without a name" % kind, "- %s:\n  items: [a]\n" % kind,
         error("YAML_VALIDATE", "Mapping for key '%s' is empty" % kind, (kind, "", 0, 2)))
    case("%s with an empty name" % kind, "- %s: ''\n" % kind,
         error("YAML_VALIDATE", "Value must be non-empty", (kind, "", 0, 2), ("value for", kind, 0, 4 + len(kind))))
    case("%s with a list for a name" % kind, "- %s: [a]\n" % kind,
         error("YAML_VALIDATE", "Value is not a scalar value", (kind, "", 0, 2), ("value for", kind, 0, 4 + len(kind))))
for key in ("condition", "output", "desc", "priority"):
    case("rule without %s" % key, re.sub("  %s:.*\n" % key, "", rule()),
         error("YAML_VALIDATE", "Item has no mapping for key '%s'" % key, R))
    case("rule with a null for %s" % key, re.sub("  %s:.*\n" % key, "  %s:\n" % key, rule()),
         error("YAML_VALIDATE", "Mapping for key '%s' is empty" % key, R))
case("items is no sequence", "- list: l\n  items: a\n",
     error("YAML_VALIDATE", "Value is not a sequence", ("list", "l", 0, 2), ("value for", "items", 1, 9)))
case("an item is a sequence", "- list: l\n  items: [a, [b]]\n",
     error("YAML_VALIDATE", "sequence value is not scalar", ("list", "l", 0, 2), ("value for", "items", 1, 9), ("list item", "", 1, 13)))
case("a tag is a mapping", rule(extra="  tags: [a, {b: c}]\n"),
     error("YAML_VALIDATE", "sequence value is not scalar", R, ("value for", "tags", 5, 8), ("list item", "", 5, 12)))
case("a flag is no truth value", rule(extra="  enabled: maybe\n"),
     error("YAML_VALIDATE", "Can't decode YAML scalar value", R, ("value for", "enabled", 5, 11)))
case("a duration is no number", rule(extra="  capture_duration: long\n"),
     error("YAML_VALIDATE", "Can't decode YAML scalar value", R, ("value for", "capture_duration", 5, 20)))
case("no such priority", rule(priority="LOUD"), error("YAML_VALIDATE", "Invalid priority", R, ("rule priority", "", 4, 12)))
case("optional keys may be empty", rule(extra="  enabled: ''\n  source:\n  warn_evttypes:\n  exceptions:\n"))
case("unknown keys", "- list: l\n  items: [a]\n  item: b\n- macro: m\n  condition: evt.type=open\n  desc: d\n" +
     rule("m and proc.name in (l)", "  level: 1\n"),
     warn("UNKNOWN_KEY", "Unknown key 'item'. The key will be ignored.", ("list", "l", 0, 2)),
     warn("UNKNOWN_KEY", "Unknown key 'desc'. The key will be ignored.", ("macro", "m", 3, 2)),
     warn("UNKNOWN_KEY", "Unknown key 'level'. The key will be ignored.", ("rule", "r", 6, 2)))
case("list names", "- list: a b\n  items: [x]\n" + rule("evt.type=open and proc.name in (a b)"),
     warn("INVALID_LIST_NAME", "List has an invalid name. List names should match a regular expression: ([^()\"'[:space:]=,]+)",
          ("list", "a b", 0, 2)))
case("macro names", "- macro: a-b\n  condition: evt.type=open\n",
     warn("INVALID_MACRO_NAME", "Macro has an invalid name. Macro names should match a regular expression: ([a-zA-Z]+[a-zA-Z0-9_]*)",
          ("macro", "a-b", 0, 2)),
     warn("UNUSED_MACRO", "Macro not referred to by any other rule/macro", ("macro", "a-b", 0, 2)))

# ---- versions ----------------------------------------------------------------------------------------

ENGINE = ("required_engine_version", "", 0, 2)
case("versions that are met", "- required_engine_version: 63\n- required_engine_version: 0.63.0\n- required_engine_version: \"0.2.0\"\n")
case("a version without a meaning", "- required_engine_version: seven\n",
     error("YAML_VALIDATE", "Unable to parse engine version 'seven' as a semver string. Expected \"x.y.z\" semver format.", ENGINE))
case("a higher version", "- required_engine_version: 9999999\n",
     error("VALIDATE", "Rules require engine version 0.9999999.0, but engine version is 0.63.0", ENGINE))
case("another major version", "- required_engine_version: 1.0.0\n",
     error("VALIDATE", "Rules require engine version 1.0.0, but engine version is 0.63.0", ENGINE))
PLUGINS = ("required plugin versions", "", 1, 2)
case("plugins is no sequence", "- required_plugin_versions: a\n",
     error("YAML_VALIDATE", "Value of required_plugin_versions must be a sequence", ("required plugin versions", "", 0, 28)))
case("a plugin is no mapping", "- required_plugin_versions:\n  - a\n",
     error("YAML_VALIDATE", "Plugin version must be a mapping", PLUGINS, ("required plugin versions entry", "", 1, 4)))
case("a plugin without a version", "- required_plugin_versions:\n  - name: a\n",
     error("YAML_VALIDATE", "Item has no mapping for key 'version'", PLUGINS, ("required plugin versions entry", "a", 1, 4)))
case("a plugin's version without a meaning", "- required_plugin_versions:\n  - name: a\n    version: x\n",
     error("VALIDATE", "Invalid required version 'x' for plugin 'a'", PLUGINS, ("required plugin versions entry", "a", 1, 4)))
case("alternatives is no sequence", "- required_plugin_versions:\n  - name: a\n    version: 0.1.0\n    alternatives: b\n",
     error("YAML_VALIDATE", "Value of plugin version alternatives must be a sequence", PLUGINS,
           ("required plugin versions entry", "a", 1, 4)))
case("an alternative is no mapping", "- required_plugin_versions:\n  - name: a\n    version: 0.1.0\n    alternatives: [b]\n",
     error("YAML_VALIDATE", "Plugin version alternative must be a mapping", PLUGINS,
           ("required plugin versions entry", "a", 1, 4), ("required plugin versions alternative", "", 3, 19)))
case("the same alternative twice", "- required_plugin_versions:\n  - name: a\n    version: 0.1.0\n"
     "    alternatives: [{name: a, version: 0.2.0}]\n",
     error("VALIDATE", "Defined multiple alternative version requirements for plugin 'a'", PLUGINS,
           ("required plugin versions entry", "a", 1, 4)))

for version, text in (("0.4.0", None), ("0.7.1", None), ("0.9.0", "Plugin 'container' version '0.7.1' is not compatible with "
                                                         "required plugin version '0.9.0'"),
                      ("1.0.0", "Plugin 'container' version '0.7.1' is not compatible with required plugin version '1.0.0'")):
    case("the plugin container %s" % version, "- required_plugin_versions:\n  - name: container\n    version: %s\n" % version, unmet=text)
case("an alternative that is there", "- required_plugin_versions:\n  - name: a\n    version: 0.1.0\n"
     "    alternatives: [{name: container, version: 0.5.0}]\n")
case("no plugin that is there", "- required_plugin_versions:\n  - name: a\n    version: 0.1.0\n"
     "    alternatives: [{name: b, version: 2.0.0}]\n",
     unmet="Plugin requirement not satisfied, must load one of: a (>= 0.1.0), b (>= 2.0.0)")
case("no plugin that is there, and an error", "- required_plugin_versions:\n  - name: a\n    version: 0.1.0\n- x\n",
     unmet="Plugin requirement not satisfied, must load one of: a (>= 0.1.0)")

# ---- changes -----------------------------------------------------------------------------------------

LATER = ("rule", "r", 5, 2)     # a second item for the rule
OVER = (LATER, ("overrides", "", 5, 2))
case("override is no mapping", rule() + "- rule: r\n  desc: x\n  override: append\n",
     error("YAML_VALIDATE", "Value of 'override' must be a mapping", *OVER))
case("append to a list that is not there", "- list: l\n  items: [a]\n  append: true\n",
     error("VALIDATE", "List uses 'append' or 'override.items: append' but no list by that name already exists", ("list", "l", 0, 2)),
     warn("DEPRECATED_ITEM", APPEND, ("list", "l", 0, 2)))
case("append to a macro that is not there", "- macro: m\n  condition: and x\n  override:\n    condition: append\n",
     error("VALIDATE", "Macro uses 'append' or 'override.condition: append' but no macro by that name already exists", ("macro", "m", 0, 2)))
case("append to a rule that is not there", "- rule: r\n  condition: and x\n  append: true\n",
     error("VALIDATE", "Rule uses 'append' or 'override.<key>: append' but no rule by that name already exists", R),
     warn("DEPRECATED_ITEM", APPEND, R))
case("replace in a rule that is not there", "- rule: r\n  desc: d\n  override:\n    desc: replace\n",
     error("VALIDATE", "An 'override.<key>: replace' to a rule was requested but no rule by that name already exists", R))
case("switch a rule that is not there", "- rule: r\n  enabled: false\n",
     error("VALIDATE", "Rule has 'enabled' key but no rule by that name already exists", R), warn("DEPRECATED_ITEM", SWITCH, R))
case("switch a rule", rule() + "- rule: r\n  enabled: false\n", warn("DEPRECATED_ITEM", SWITCH, LATER))
case("append with nothing to append", rule() + "- rule: r\n  append: true\n",
     error("VALIDATE", "Appended rule must have exceptions or condition property", LATER), warn("DEPRECATED_ITEM", APPEND, LATER))
case("nothing but a name", "- rule: r\n", error("YAML_VALIDATE", "Item has no mapping for key 'enabled'", R))
case("append and override", rule() + "- rule: r\n  append: true\n  desc: e\n  override:\n    desc: append\n",
     error("YAML_VALIDATE", "Keys 'override' and 'append: true' cannot be used together. Add an 'append' entry "
           "(e.g. 'condition: append') under 'override' instead.", LATER),
     warn("DEPRECATED_ITEM", APPEND, LATER))
case("a key that cannot be appended to", rule() + "- rule: r\n  priority: ERROR\n  override:\n    priority: append\n",
     error("YAML_VALIDATE", "Key 'priority' cannot be appended to, use 'replace' instead", *OVER, ("overrides", "priority", 8, 4)))
case("a key that cannot be replaced", rule() + "- rule: r\n  source: syscall\n  override:\n    source: replace\n",
     error("YAML_VALIDATE", "Key 'source' cannot be replaced", *OVER, ("overrides", "source", 8, 4)))
for key, allowed in (("desc", "append replace "), ("priority", "replace "), ("source", "")):
    case("neither append nor replace: %s" % key, rule() + "- rule: r\n  %s: x\n  override:\n    %s: add\n" % (key, key),
         error("YAML_VALIDATE", "Invalid override operation for key '%s': 'add'. Allowed values are: %s" % (key, allowed),
               *OVER, ("value for", key, 8, 6 + len(key))))
for how in ("append", "replace"):
    case("%s of a key that is not there" % how, rule() + "- rule: r\n  desc: x\n  override:\n    condition: %s\n" % how,
         error("YAML_VALIDATE", "An %s override for 'condition' was specified but 'condition' is not defined" % how, LATER))
case("a key that the override does not name", rule() + "- rule: r\n  desc: x\n  priority: ERROR\n  override:\n    desc: append\n",
     error("YAML_VALIDATE", "Unexpected key 'priority': no corresponding entry under 'override' is defined.", LATER,
           ("overrides", "priority", 7, 12)))
case("another source", rule() + rule(extra="  source: other\n"),
     error("VALIDATE", "Rule has been re-defined with a different source", LATER))
case("unknown source", rule("whatever.it.is = x", "  source: other\n"), warn("UNKNOWN_SOURCE", "Unknown source other, skipping", R))

# ---- exceptions --------------------------------------------------------------------------------------


def exception(text, cond="evt.type=open"):
    """The exception is at 6:4 of the file."""
    return rule(cond, "  exceptions:\n  - %s\n" % text)


EXCEPTION = ("exception", "e", 6, 4)
case("exceptions is no sequence", rule(extra="  exceptions: a\n"),
     error("YAML_VALIDATE", "Rule exceptions must be a sequence", R, ("exceptions", "", 5, 14)))
case("an exception is no mapping", exception("a"),
     error("YAML_VALIDATE", "Rule exception must be a mapping", R, ("exceptions", "", 6, 2), ("exception", "", 6, 4)))
case("an exception without a name", exception("fields: proc.name"),
     error("YAML_VALIDATE", "Item has no mapping for key 'name'", R, ("exceptions", "", 6, 2), ("exception", "", 6, 4)))
case("an exception without fields", exception("name: e"), error("YAML_VALIDATE", "Item has no mapping for key 'fields'", R, EXCEPTION))
for fields in ("", "[]"):
    case("no fields: '%s'" % fields, exception("{name: e, fields: %s}" % fields),
         error("VALIDATE", "Rule exception item must have fields property with a list of fields", R, EXCEPTION))
case("values is null", exception("name: e\n    fields: proc.name\n    values:"),
     error("YAML_VALIDATE", "Rule exception values must be a sequence", R, EXCEPTION, ("exception values", "", 8, 11)))
case("an empty value", exception("{name: e, fields: [proc.name, fd.name], values: [[a, '']]}"),
     error("YAML_VALIDATE", "Value must be non-empty", R, EXCEPTION, ("exception values", "", 6, 52), ("exception value", "", 6, 53),
           ("value for", "", 6, 53), ("exception", "", 6, 57), ("value for", "", 6, 57)))
case("a mapping for a value", exception("{name: e, fields: proc.name, values: [{a: b}]}"),
     error("YAML_VALIDATE", "Can't decode YAML sequence value", R, EXCEPTION, ("exception values", "", 6, 41),
           ("exception value", "", 6, 42), ("value for", "", 6, 42)))
case("fields of an unknown source are not checked", rule("a.b = c", "  source: other\n  exceptions:\n  - {name: e, fields: a.b, values: [c]}\n"),
     warn("UNKNOWN_SOURCE", "Unknown source other, skipping", R))
case("their operators are", rule("a.b = c", "  source: other\n  exceptions:\n  - {name: e, fields: [a.b], comps: [isnt], values: [[c]]}\n"),
     error("VALIDATE", "'isnt' is not a supported comparison operator", R, ("exception", "e", 7, 4)),
     warn("UNKNOWN_SOURCE", "Unknown source other, skipping", R))
case("one field, a list of operators", exception("{name: e, fields: proc.name, comps: [in], values: [a]}"),
     error("VALIDATE", "Fields and comps must both be strings", R, EXCEPTION))
case("values is no sequence", exception("{name: e, fields: proc.name, values: a}"),
     error("YAML_VALIDATE", "Rule exception values must be a sequence", R, EXCEPTION, ("exception values", "", 6, 41)))
case("an empty field", exception("{name: e, fields: ''}"),
     error("YAML_VALIDATE", "Value must be non-empty", R, EXCEPTION, ("value for", "fields", 6, 22)))
case("a modifier for a number", exception("{name: e, fields: [proc.name], comps: [\">= oneof\"], values: [[[a]]]}"),
     error("VALIDATE", "'>= oneof' is not a supported comparison operator", R, EXCEPTION))
case("no such field", exception("{name: e, fields: [not.exist], values: [[a]]}"),
     error("VALIDATE", "'not.exist' is not a supported filter field", R, EXCEPTION))
case("no such field, alone", exception("{name: e, fields: not.exist, values: [a]}"),
     error("VALIDATE", "'not.exist' is not a supported filter field", R, EXCEPTION))
case("one field, no list operator", exception("{name: e, fields: proc.name, comps: =, values: [a]}"),
     error("VALIDATE", "When fields is a single value, comps must be one of (in, pmatch, intersects) or a modifier operator "
           "(e.g. startswith oneof)", R, EXCEPTION))
case("more fields than operators", exception("{name: e, fields: [proc.name, fd.name], comps: [=]}"),
     error("VALIDATE", "Fields and comps lists must have equal length", R, EXCEPTION))
case("more fields than values", exception("{name: e, fields: [proc.name, fd.name], values: [[a]]}"),
     error("VALIDATE", "Fields and values lists must have equal length", R, EXCEPTION))
case("a list where a string is meant", exception("{name: e, fields: proc.name, values: [[a, b]]}"),
     error("VALIDATE", "Expected values array to contain a list of strings", R, EXCEPTION))
for key in ("fields: proc.name", "comps: in"):
    case("append %s" % key, exception("{name: e, fields: proc.name, values: [a]}") +
         "- rule: r\n  exceptions:\n  - {name: e, %s, values: [b]}\n  append: true\n" % key,
         error("VALIDATE", "Can not append exception %s to existing exception, only values" % key.split(":")[0],
               ("rule", "r", 7, 2), ("exception", "e", 9, 4)),
         warn("DEPRECATED_ITEM", APPEND, ("rule", "r", 7, 2)))
case("a new exception without fields", rule() + "- rule: r\n  exceptions:\n  - {name: e, values: [b]}\n  append: true\n",
     error("VALIDATE", "Rule exception must have fields property with a list of fields", LATER, ("exception", "e", 7, 4)),
     warn("DEPRECATED_ITEM", APPEND, LATER))
case("a new exception without values", rule() + "- rule: r\n  exceptions:\n  - {name: e, fields: proc.name}\n  append: true\n",
     error("VALIDATE", "Rule exception must have values property with a list of values", LATER, ("exception", "e", 7, 4)),
     warn("DEPRECATED_ITEM", APPEND, LATER), warn("APPEND_NO_VALUES", "Overriding/appending exception with no values", LATER,
                                                  ("exception", "e", 7, 4)))
case("append no values", exception("{name: e, fields: proc.name, values: [a]}") +
     "- rule: r\n  exceptions:\n  - name: e\n  override:\n    exceptions: append\n",
     warn("APPEND_NO_VALUES", "Overriding/appending exception with no values", ("rule", "r", 7, 2), ("exception", "e", 9, 4)))
case("the same name twice", exception("{name: e, fields: proc.name, values: [a]}\n  - {name: e, fields: fd.name, values: [b]}"),
     warn("EXCEPTION_NAME_NOT_UNIQUE", "Multiple definitions of exception 'e' in the same rule", R, ("exception", "e", 7, 4)))

# ---- conditions --------------------------------------------------------------------------------------


def bad(cond, column, message, **more):
    case("condition: " + cond, rule(cond), error("COMPILE_CONDITION", message, R, COND, condition=(cond, column), **more))


bad("proc.nobody = cat", 0, "filter_check called with nonexistent field proc.nobody")
bad("evt.type = execve proc.name = x", 18, "unexpected token after 'execve', expecting 'or', 'and'")
bad("(evt.type = open", 16, "expected a ')' token")
bad("evt.type = open and", 19, "expected blank or '(' after 'and'")
bad("evt.type = open or ()", 20, "expected a '(' token, a field check, or an identifier")
bad("proc.aname[ = x", 11, "expected a valid field argument: a quoted string or a bare string")
bad("proc.aname[1 = x", 12, "expected a ']' token")
bad("evt.num > x", 10, "expected a number value or " + TRANSFORMERS)
bad("proc.name = (", 12, "expected a string value or " + TRANSFORMERS)
bad("proc.name in 1", 13, "expected a list, an identifier, or " + TRANSFORMERS)
bad("proc.name in (a, )", 17, "expected a string value")
bad("tolower() = x", 8, "expected field transformer argument: field, transformer, quoted string, number, or transformer list")
bad("tolower(proc.name = x", 18, "expected a ')' token closing the transformer")
bad("proc.name = val(x)", 16, "expected a field within 'val' transformer")
bad("evt.type = no_such_event_at_all", 11, "unknown event type no_such_event_at_all")
bad("evt.num contains 1", 0, "filter error: 'contains' operator not supported for numeric filters")
case("an unknown macro", rule("evt.type=open and foo"),
     error("VALIDATE", "Undefined macro 'foo' used in filter.", R, condition=("evt.type=open and foo", 18)))
case("a loop", "- macro: a\n  condition: evt.type=open\n- macro: b\n  condition: a\n- macro: a\n  condition: b\n",
     error("VALIDATE", "reference loop in macro 'a'", ("macro", "b", 2, 2), condition=("a", 0)))
case("unknown field, skipped", rule("evt.type=open and proc.nobody=x", "  skip-if-unknown-filter: true\n"),
     warn("UNKNOWN_FILTER", "filter_check called with nonexistent field proc.nobody", R, COND,
          condition=("evt.type=open and proc.nobody=x", 18)))
case("unknown event, skipped", rule("evt.type=no_such_event_at_all", "  skip-if-unknown-filter: true\n"),
     warn("UNKNOWN_FILTER", "unknown event type no_such_event_at_all", R, COND, condition=("evt.type=no_such_event_at_all", 9)))
case("unknown field in the output, skipped", rule(extra="  skip-if-unknown-filter: true\n", output="a %proc.nobody"),
     warn("UNKNOWN_FILTER", "unknown filter: proc.nobody", R, ("rule output", "", 3, 10)))
case("no event type", rule("proc.name=cat"), warn("NO_EVTTYPE", EVENTS, R))
case("no event type, and that is meant", rule("proc.name=cat", "  warn_evttypes: false\n"))
case("compared with what no value is", rule("evt.type=open and ka.verb != <NA>", "  skip-if-unknown-filter: true\n"),
     warn("UNSAFE_NA_CHECK", "", R),
     warn("UNKNOWN_FILTER", "filter_check called with nonexistent field ka.verb", R, COND,
          condition=("evt.type=open and ka.verb != <NA>", 18)))
case("a field for a word", rule("evt.type=open and proc.name = proc.pname"),
     warn("COMPILE_CONDITION", "'proc.pname' may be a valid field misused as a const string value", R, COND,
          condition=("evt.type=open and proc.name = proc.pname", 30)))
case("a transformer for a word", rule("evt.type=open and proc.name = \"toupper(proc.pname)\""),
     warn("COMPILE_CONDITION", "'toupper(proc.pname)' may be a valid field transformer misused as a const string value", R, COND,
          condition=("evt.type=open and proc.name = \"toupper(proc.pname)\"", 30)))
case("a simple regular expression", rule("evt.type=open and proc.name regex cat"),
     warn("COMPILE_CONDITION", "regex check with 'cat' may be optimized with simpler operators such as '=', 'contains', "
          "'startswith', 'endswith'", R, COND, condition=("evt.type=open and proc.name regex cat", 34)))
case("unused macro", "- macro: m\n  condition: evt.type=open\n",
     warn("UNUSED_MACRO", "Macro not referred to by any other rule/macro", ("macro", "m", 0, 2)))
case("unused list", "- list: l\n  items: [a]\n",
     warn("UNUSED_LIST", "List not referred to by any other rule/macro", ("list", "l", 0, 2)))

# ---- outputs and what is deprecated ------------------------------------------------------------------

OUTPUT = ("rule output", "", 3, 10)
case("unknown field in the output", rule(output="a %proc.nobody b"), error("COMPILE_OUTPUT", re.compile("unknown filter: proc.nobody.*"), R, OUTPUT))
case("a percent sign at the end", rule(output="100%"),
     error("COMPILE_OUTPUT", "invalid formatting syntax: formatting cannot end with a %", R, OUTPUT))
case("evt.dir in a condition", rule("evt.type=open and evt.dir=<"),
     Whole("LOAD_DEPRECATED_ITEM", DIR, R, COND, condition=("evt.type=open and evt.dir=<", 0), field="evt.dir"))
for field in ("evt.latency", "evt.latency.s", "evt.latency.ns", "evt.latency.human", "evt.wait_latency"):
    case("%s in a condition" % field, rule("evt.type=open and %s exists" % field),
         Whole("LOAD_DEPRECATED_ITEM", "field is not available due to the drop of enter events.", R, COND,
               condition=("evt.type=open and %s exists" % field, 0), field=field))
case("evt.dir in an output", rule(output="'%evt.dir'"),
     warn("DEPRECATED_ITEM", "usage of deprecated field 'evt.dir' has been detected in the rule output", R, OUTPUT, field="evt.dir"))
case("evt.latency.human in an output", rule(output="'%evt.latency.human'"),   # Falco finds the shorter name in it as well
     *[warn("DEPRECATED_ITEM", "usage of deprecated field '%s' has been detected in the rule output" % f, R, OUTPUT, field=f)
       for f in ("evt.latency", "evt.latency.human")])
case("container.info in an output", rule(output="a %container.info b"),
     warn("DEPRECATED_ITEM", CONTAINER_INFO, R))


# ---- how a report looks ------------------------------------------------------------------------------

def joined(text):
    return re.sub(r'"\s+"', "", text)


def read_codes():
    with open(SOURCE, encoding="utf-8") as f:
        rows = re.findall(ROW, joined(f.read()), re.M)
    return {code: (text, desc) for code, text, desc in rows}


CODES = read_codes()


def is_error(code):
    return code.startswith("LOAD_ERR_")


def snippet_of(note, text):
    if note.snippet is not None:
        return note.snippet
    if note.condition:  # Falco counts from the start of the file, so the caret mostly ends up behind it all
        line, col = note.condition
        _, _, line_no, above = note.where[-1]
        before = sum(len(l) + 1 for l in text.split("\n")[:line_no]) + above
        return "%s\n%s^\n" % (line, " " * min(before + col * note.below, len(line) - 1))
    _, _, line_no, col = note.where[-1] if note.where else ("", "", 0, 0)
    lines = text.split("\n")
    line = lines[line_no]
    if not line and line_no:    # behind the last line: the place is put back onto it
        line = lines[line_no - 1]
        col = len(line) - 1
    return "%s\n%s^\n" % (line, " " * min(col, len(line) - 1))


def said(pattern, got):
    if isinstance(pattern, str):
        same(got, pattern, "message")
    elif not pattern.fullmatch(got):
        raise AssertionError("message %r does not match %r" % (got, pattern.pattern))
    return got


def check_note(note, got, name, text):
    same(got["code"], note.code, "code")
    said(note.message, got["message"])
    places = [(l["item_type"], l["item_name"], l["position"]["name"], l["position"]["line"], l["position"]["column"])
              for l in got["context"]["locations"]]
    same(places, note.places(name), note.message)
    same(got["context"]["snippet"], snippet_of(note, text), note.message)
    same(got.get("deprecated_field"), note.field, note.message)
    short, desc = CODES[note.code]
    same(got["codedesc"], short if is_error(note.code) else desc, "codedesc")


def printed(got, similar):
    """The lines of one error or warning, from what JSON says of it."""
    out = ""
    for i, l in enumerate(got["context"]["locations"]):
        pos = l["position"]
        out += "%s%s%s: (%s:%d:%d)\n" % ("    " if i else "In ", l["item_type"], " '%s'" % l["item_name"] if l["item_name"] else "",
                                         pos["name"], pos["line"], pos["column"])
    out += "------\n%s------\n%s (%s): %s\n" % (got["context"]["snippet"], got["code"], CODES[got["code"]][0], got["message"])
    return out + ("Did you mean '%s'?\n" % similar if similar else "")


def block(notes, what):
    return "%d %s:\n%s\n" % (len(notes), what, "".join(printed(n, n.get("similar")) for n in notes)) if notes else ""


def schema_block(warnings):
    return "%d Schema warnings:\n------\n%s\n" % (len(warnings), "".join(w + "\n------\n" for w in warnings)) if warnings else ""


def summary(notes, what):
    return " %d %s: [%s]" % (len(notes), what, " ".join(
        "%s (%s)%s" % (n["code"], CODES[n["code"]][0], ": " + n["message"] if n["message"] else "") for n in notes)) if notes else ""


def check_use(d, name, whole):
    """A sensor does not start with such a file."""
    rc, out, err = d.run("-r", name, "-o", "engine.kind=nodriver", replay=False, rules=False)
    want = "Error: Could not read file %s: Input/output error" % name if name.startswith("/proc") else "Error: %s: Invalid\n%s" % (name, whole)
    same((rc, out), (1, ""))
    if want not in err:
        raise AssertionError("%r is not in %r" % (want, err))


def check_text(d, name, got):
    """The text says what JSON says: all of it on stdout when there are errors, else the warnings in the log."""
    rc, out, err = d.run("-V", name, replay=False, rules=False)
    errors, warnings = got["errors"], got["warnings"]
    whole = schema_block(got["schema_warnings"]) + block(errors, "Errors") + block(warnings, "Warnings")
    if errors:
        same((rc, out), (1, "%s: Invalid\n%s" % (name, whole)))
        line = "Error: %s: Invalid %s%s\n" % (name, summary(errors, "errors"), summary(warnings, "warnings"))
        if line not in err:
            raise AssertionError("%r is not in %r" % (line, err))
        return check_use(d, name, whole)
    state = "Ok, with warnings" if warnings else "Ok"
    same((rc, out), (0, "%s: %s\n" % (name, state)))
    if warnings and "%s: %s\n%s" % (name, state, whole) not in err + "\n":
        raise AssertionError("%r is not in %r" % (whole, err))


def check_unmet(d, text):
    """A plugin that is missing: that alone is told, whatever else is wrong."""
    for args in (("-V", "r.yaml"), ("-V", "r.yaml", "-o", "json_output=true"), ("-r", "r.yaml", "-o", "engine.kind=nodriver")):
        rc, out, err = d.run(*args, replay=False, rules=False)
        same((rc, out, err.splitlines()[-1]), (1, "", "Error: " + text), " ".join(args))


def check_case(d, text, notes, more):
    name = more.get("path", "r.yaml")
    if text is not None:
        d.write(name, text)
    if more.get("unmet"):
        return check_unmet(d, more["unmet"])
    wrong = any(is_error(n.code) for n in notes)
    rc, out, err = d.run("-V", name, "-o", "json_output=true", replay=False, rules=False)
    same(rc, 1 if wrong else 0, err)
    results = json.loads(out)["falco_load_results"]
    same((len(results), results[0]["name"], results[0]["successful"]), (1, name, not wrong))
    got = results[0]["errors"] + results[0]["warnings"]
    same([g["code"] for g in got], [n.code for n in notes], "codes")
    for note, g in zip(notes, got):
        check_note(note, g, name, text or "")
    check_text(d, name, results[0])


# ---- the tests ---------------------------------------------------------------------------------------

def add_test(what, text, notes, more):
    def test(d):
        check_case(d, text, notes, more)
    globals()["t_" + what] = test


def codes_without(cases):
    seen = {n.code for _, _, notes, _ in cases for n in notes}
    return sorted(set(CODES) - seen - set(NEVER_RAISED))


def t_every_code_has_a_case(d):
    with open(SOURCE, encoding="utf-8") as f:
        same(len(CODES), f.read().count("\nCODE("), "rows that were understood")
    same(codes_without(CASES), [], "codes without a case")
    same([n.code for _, _, notes, _ in CASES for n in notes if n.code in NEVER_RAISED], [], "codes that are raised after all")


def t_a_lost_case_is_missed(d):
    for code in set(CODES) - set(NEVER_RAISED):
        rest = [c for c in CASES if code not in [n.code for n in c[2]]]
        if code not in codes_without(rest):
            raise AssertionError("%s has no case and is not missed" % code)


STRINGS = r'(?:"(?:[^"\\]|\\.)*"\s*)+'
PLACES = {"rule priority", "value for", "list item", "exception values", "exception value"}


def messages(source):
    """The texts of report_error() and its kin in a source: [(line, text, pattern)]."""
    for m in re.finditer(r"\b(?:report_error|report_warn|yaml_error|invalid)\((?:%s|[^;\"])*;" % STRINGS, source):
        found = [joined(s.strip())[1:-1] for s in re.findall(STRINGS, m.group(0))]
        for text in [re.sub(r"\\(.)", r"\1", f) for f in found if " " in f and f not in PLACES][:1]:
            pattern = re.sub(r"%(?:\\\.\d+)?[su]", ".*", re.escape(text).replace("\\%", "%"))
            yield source[:m.start()].count("\n") + 1, text, re.compile(pattern)


def t_every_text_has_a_case(d):
    """Each message that is written in src/rules is seen in a case, or guards against files that exhaust a machine."""
    seen = [n.message if isinstance(n.message, str) else n.message.pattern for _, _, notes, _ in CASES for n in notes]
    left, found = [], 0
    for path in sorted(glob.glob(os.path.join(TOP, "src", "rules", "*.c"))):
        with open(path, encoding="utf-8") as f:
            for line, text, pattern in messages(f.read()):
                found += 1
                if text not in NO_CASE and not any(pattern.fullmatch(s) for s in seen):
                    left.append("%s:%d: %s" % (os.path.basename(path), line, text))
    same(left, [], "messages without a case")
    same(found > 50, True, "messages that were found: %d" % found)


for one in CASES:
    if "t_" + one[0] in globals():
        raise SystemExit("codes.py: two cases are called %r" % one[0])
    add_test(*one)
sys.exit(run_tests(globals()))
