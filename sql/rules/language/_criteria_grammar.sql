-- Gives the grammar of the rule language, the same table as pgmerit/rules/grammar.json.
--
-- Written by python -m pgmerit.rules.grammar; a test compares the two.
create or replace function badges_internal._criteria_grammar()
returns jsonb
language sql
immutable
parallel safe
return '{
  "version": 1,
  "limits": {
    "depth": 16, "nodes": 256, "criteria_bytes": 16384, "document_bytes": 1048576,
    "problems": 100, "organization_rows": 10000, "all_rows": 50000, "all_routes": 250000,
    "badge_depth": 8, "counting_conditions": 100, "counted_badges": 5000, "stats": 500,
    "rolling_stats": 20, "unit_stats": 50, "lapse_conditions": 50, "raw_rules": 20,
    "attributes_bytes": 262144
  },
  "top_types": ["criteria_raw", "manual", "tier"],
  "top_keys": ["repeat", "tiers"],
  "part_keys": ["id"],
  "part_types": {"none_of": "all_of"},
  "not_within": {"none_of": ["badges_earned"]},
  "no_time_zones": ["Factory", "localtime", "posixrules", "posix/", "right/"],
  "parts": {
    "all_of": "criteria", "any_of": "criteria", "n_of": "criteria", "none_of": "criteria"
  },
  "numbers": {
    "threshold": "at_least",
    "streak": "length",
    "training_completion": "require",
    "badges_earned": "at_least",
    "n_of": "n",
    "in_a_row": "length",
    "share": "at_least"
  },
  "plain_numbers": ["badges_earned", "in_a_row", "share", "streak", "threshold"],
  "types": {
    "threshold": {
      "is": "object",
      "keys": {
        "type": "anything", "id": "slug", "activity": "activity", "where": "where",
        "when": "when", "measure": "measure", "field": "attribute", "per": "attribute",
        "window": "window", "per_value": "element", "cap": "cap", "at_least": "amount",
        "repeat": "repeat"
      },
      "required": ["at_least"],
      "rules": [
        {
          "rule": "only_with", "key": "field", "other": "measure",
          "words": ["sum", "max", "distinct"]
        },
        {"rule": "only_with", "key": "per_value", "other": "measure", "words": ["distinct"]},
        {"rule": "only_with", "key": "cap", "other": "measure", "words": ["count", "sum"]},
        {
          "rule": "only_with", "key": "cap", "other": "window",
          "words": ["lifetime", "day", "week", "month", "quarter", "year"]
        },
        {
          "rule": "not_with", "key": "repeat.every", "other": "window",
          "allowed": "repeat: {each: window, max: K} with a window, every without one"
        },
        {
          "rule": "only_with", "key": "repeat.each", "other": "window",
          "words": ["day", "week", "month", "quarter", "year"]
        },
        {
          "rule": "only_with", "key": "repeat.each", "other": "measure",
          "words": ["count", "sum", "max", "active_days"]
        },
        {"rule": "not_with", "key": "repeat.each", "other": "per"},
        {"rule": "not_with", "key": "repeat.each", "other": "cap"},
        {"rule": "not_with_below", "key": "per_value", "other": "window", "below": "last_days"}
      ]
    },
    "tier": {
      "is": "object",
      "keys": {
        "type": "anything", "id": "slug", "activity": "activity", "where": "where",
        "when": "when", "measure": "measure", "field": "attribute", "per": "attribute",
        "window": "window", "per_value": "element", "cap": "cap", "tiers": "amount_tiers"
      },
      "required": ["tiers"],
      "rules": [
        {
          "rule": "only_with", "key": "field", "other": "measure",
          "words": ["sum", "max", "distinct"]
        },
        {"rule": "only_with", "key": "per_value", "other": "measure", "words": ["distinct"]},
        {"rule": "only_with", "key": "cap", "other": "measure", "words": ["count", "sum"]},
        {
          "rule": "only_with", "key": "cap", "other": "window",
          "words": ["lifetime", "day", "week", "month", "quarter", "year"]
        },
        {"rule": "not_with_below", "key": "per_value", "other": "window", "below": "last_days"}
      ]
    },
    "streak": {
      "is": "object",
      "keys": {
        "type": "anything", "id": "slug", "activity": "activity", "where": "where",
        "when": "when", "unit": "unit", "length": "count", "tiers": "length_tiers",
        "per_unit": "unit_element", "grace": "grace", "consecutive": "boolean",
        "on": "existing_days", "excused_by": "excuse"
      },
      "instead": {
        "repeat": "tiers, or a threshold with a window and repeat: {each: window, max: K}"
      },
      "required": ["unit"],
      "rules": [
        {"rule": "one_of", "key": "length", "other": "tiers"},
        {
          "rule": "not_with", "key": "grace", "other": "consecutive",
          "as": "consecutive: false"
        },
        {
          "rule": "not_with", "key": "excused_by", "other": "consecutive",
          "as": "consecutive: false"
        },
        {"rule": "only_with", "key": "on", "other": "unit", "words": ["day"]}
      ]
    },
    "training_completion": {
      "is": "object",
      "keys": {
        "type": "anything", "id": "slug", "activity": "activity_type", "where": "where",
        "courses": "courses", "require": "require", "field": "attribute",
        "within_days": "rolling_days", "valid_days": "rolling_days"
      },
      "required": ["courses"],
      "rules": [
        {"rule": "not_with", "key": "valid_days", "other": "within_days"},
        {"rule": "at_most_items", "key": "require", "other": "courses"}
      ]
    },
    "badges_earned": {
      "is": "object",
      "keys": {
        "type": "anything", "id": "slug", "badges": "badge_list", "category": "label",
        "at_least": "count"
      },
      "required": [],
      "rules": [
        {"rule": "not_with", "key": "category", "other": "badges"},
        {"rule": "needs_without", "key": "at_least", "other": "badges"},
        {"rule": "at_most_items", "key": "at_least", "other": "badges"}
      ]
    },
    "all_of": {
      "is": "object",
      "keys": {"type": "anything", "id": "slug", "criteria": "parts"},
      "required": ["criteria"],
      "rules": []
    },
    "any_of": {
      "is": "object",
      "keys": {"type": "anything", "id": "slug", "criteria": "parts"},
      "required": ["criteria"],
      "rules": []
    },
    "n_of": {
      "is": "object",
      "keys": {"type": "anything", "id": "slug", "criteria": "parts", "n": "count"},
      "required": ["criteria", "n"],
      "rules": [
        {"rule": "at_most_items", "key": "n", "other": "criteria"}
      ]
    },
    "none_of": {
      "is": "object",
      "keys": {"type": "anything", "id": "slug", "criteria": "parts"},
      "required": ["criteria"],
      "rules": []
    },
    "tenure": {
      "is": "object",
      "keys": {
        "type": "anything", "id": "slug", "activity": "activity", "where": "where",
        "days": "tenure_days", "months": "tenure_months", "years": "tenure_years",
        "repeat": "tenure_repeat"
      },
      "required": [],
      "rules": [
        {"rule": "exactly_one", "key": "days", "keys": ["days", "months", "years"]}
      ]
    },
    "in_a_row": {
      "is": "object",
      "keys": {
        "type": "anything", "id": "slug", "activity": "activity", "where": "where",
        "when": "when", "qualify": "where", "length": "count", "tiers": "length_tiers"
      },
      "required": ["qualify"],
      "rules": [
        {"rule": "one_of", "key": "length", "other": "tiers"}
      ]
    },
    "share": {
      "is": "object",
      "keys": {
        "type": "anything", "id": "slug", "activity": "activity", "where": "where",
        "when": "when", "qualify": "where", "at_least": "share", "of_at_least": "count",
        "of_last": "occurrences"
      },
      "required": ["qualify", "at_least"],
      "rules": [
        {"rule": "exactly_one", "key": "of_at_least", "keys": ["of_at_least", "of_last"]}
      ]
    },
    "manual": {
      "is": "object",
      "keys": {"type": "anything", "id": "slug"},
      "required": [],
      "rules": []
    },
    "criteria_raw": {
      "is": "object",
      "keys": {"type": "anything", "id": "slug", "expression": "expression", "reason": "label"},
      "required": ["expression", "reason"],
      "rules": []
    }
  },
  "defaults": {"measure": "count", "window": "lifetime", "consecutive": true},
  "kinds": {
    "anything": {"is": "anything"},
    "boolean": {"is": "boolean", "allowed": "true or false"},
    "slug": {
      "is": "text", "from": 1, "to": 63, "patterns": ["[a-z0-9][a-z0-9._-]{0,62}"],
      "allowed": "a slug in quotes: a-z, 0-9, then also . _ -, at most 63 characters"
    },
    "activity_type": {
      "is": "text", "from": 1, "to": 100,
      "allowed": "an activity type of 1 to 100 characters"
    },
    "activity_types": {
      "is": "list", "items": "activity_type", "to": 500,
      "allowed": "a list of at most 500 activity types"
    },
    "closed_activity_types": {
      "is": "list", "items": "activity_type", "unique": "", "to": 500,
      "allowed": "a list of at most 500 activity types, each once"
    },
    "activity": {"is": "either", "array": "activity_types", "else": "activity_type"},
    "attribute": {
      "is": "text", "from": 1, "to": 100,
      "allowed": "an attribute name of 1 to 100 characters"
    },
    "label": {"is": "text", "from": 1, "to": 200, "allowed": "text of 1 to 200 characters"},
    "prose": {"is": "text", "from": 0, "to": 2000, "allowed": "text of at most 2000 characters"},
    "language": {
      "is": "text", "from": 1, "to": 35, "patterns": ["[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*"],
      "allowed": "a language tag such as en or nb-NO"
    },
    "label_by_language": {
      "is": "map", "names": "language", "values": "label",
      "allowed": "text of 1 to 200 characters, or such texts by language", "from": 1
    },
    "prose_by_language": {
      "is": "map", "names": "language", "values": "prose",
      "allowed": "text of at most 2000 characters, or such texts by language", "from": 1
    },
    "name": {"is": "either", "object": "label_by_language", "else": "label"},
    "description": {"is": "either", "object": "prose_by_language", "else": "prose"},
    "amount": {
      "is": "number", "above": 0, "to": 1e30,
      "allowed": "a number above 0, at most 1e30"
    },
    "share": {
      "is": "number", "above": 0, "to": 1, "decimals": 6,
      "allowed": "a share above 0, at most 1, of at most 6 decimals, such as 0.9"
    },
    "bound": {
      "is": "number", "from": -1e30, "to": 1e30,
      "allowed": "a number from -1e30 to 1e30"
    },
    "count": {
      "is": "number", "whole": true, "from": 1, "to": 2147483647,
      "allowed": "a whole number from 1 to 2147483647"
    },
    "occurrences": {
      "is": "number", "whole": true, "from": 1, "to": 1000,
      "allowed": "a whole number from 1 to 1000"
    },
    "scalar": {
      "is": "scalar", "from": -1e30, "to": 1e30,
      "allowed": "text, true, false or a number from -1e30 to 1e30"
    },
    "scalars": {
      "is": "list", "items": "scalar",
      "allowed": "a list of texts, numbers, true or false"
    },
    "courses": {
      "is": "list", "items": "scalar", "unique": "", "allowed": "a list of courses, each once"
    },
    "measure": {
      "is": "word",
      "words": ["count", "sum", "max", "active_days", "distinct"]
    },
    "element_measure": {"is": "word", "words": ["count", "sum", "max"]},
    "unit_measure": {"is": "word", "words": ["count", "sum", "max", "active_days"]},
    "unit": {"is": "word", "words": ["day", "week", "month"]},
    "window": {
      "is": "either", "object": "rolling_window", "else": "calendar_window"
    },
    "calendar_window": {
      "is": "word", "words": ["lifetime", "day", "week", "month", "quarter", "year"],
      "allowed": "lifetime, day, week, month, quarter, year, {rolling_days: N}, {last_days: N}"
    },
    "rolling_window": {
      "is": "object",
      "keys": {"rolling_days": "rolling_days", "last_days": "rolling_days"},
      "required": [],
      "rules": [
        {"rule": "exactly_one", "key": "rolling_days", "keys": ["rolling_days", "last_days"]}
      ]
    },
    "rolling_days": {
      "is": "number", "whole": true, "from": 1, "to": 3660,
      "allowed": "a whole number of days from 1 to 3660"
    },
    "grace": {
      "is": "number", "whole": true, "from": 1, "to": 365,
      "allowed": "a whole number of units from 1 to 365"
    },
    "tenure_days": {
      "is": "number", "whole": true, "from": 1, "to": 36500,
      "allowed": "a whole number of days from 1 to 36500"
    },
    "tenure_months": {
      "is": "number", "whole": true, "from": 1, "to": 1200,
      "allowed": "a whole number of months from 1 to 1200"
    },
    "tenure_years": {
      "is": "number", "whole": true, "from": 1, "to": 100,
      "allowed": "a whole number of years from 1 to 100"
    },
    "when": {
      "is": "object",
      "keys": {
        "hours": "hours", "weekdays": "weekdays", "months": "months", "dates": "dates",
        "days_of_year": "days_of_year", "from": "date", "until": "date"
      },
      "required": [],
      "rules": [
        {"rule": "not_after", "key": "from", "other": "until"}
      ],
      "from": 1
    },
    "hours": {
      "is": "span", "items": ["hour_from", "hour_until"],
      "allowed": "two times [from, until), hours or HH:MM, such as [8, 16] or [22, 6]"
    },
    "hour_from": {"is": "either", "string": "clock_from", "else": "hour_number_from"},
    "hour_until": {"is": "either", "string": "clock_until", "else": "hour_number_until"},
    "hour_number_from": {
      "is": "number", "whole": true, "from": 0, "to": 23,
      "allowed": "a whole hour from 0 to 23, or HH:MM"
    },
    "hour_number_until": {
      "is": "number", "whole": true, "from": 0, "to": 24,
      "allowed": "a whole hour from 0 to 24, or HH:MM"
    },
    "clock_from": {
      "is": "text", "from": 1, "to": 20, "patterns": ["([01][0-9]|2[0-3]):[0-5][0-9]"],
      "allowed": "a time from 00:00 to 23:59, or a whole hour"
    },
    "clock_until": {
      "is": "text", "from": 1, "to": 20, "patterns": ["([01][0-9]|2[0-3]):[0-5][0-9]|24:00"],
      "allowed": "a time from 00:00 to 24:00, or a whole hour"
    },
    "weekday": {"is": "word", "words": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]},
    "weekdays": {
      "is": "list", "items": "weekday",
      "allowed": "a list of mon, tue, wed, thu, fri, sat, sun"
    },
    "existing_days": {
      "is": "object",
      "keys": {"weekdays": "weekdays", "closed_days": "boolean"},
      "required": [],
      "rules": [],
      "from": 1
    },
    "excuse": {
      "is": "object",
      "keys": {"activity": "activity", "where": "where"},
      "required": ["activity"],
      "rules": []
    },
    "closed_day": {
      "is": "text", "from": 1, "to": 20,
      "patterns": [
        "(0[13-9]|1[0-2])-(0[1-9]|[12][0-9]|30)",
        "(0[13578]|1[02])-31",
        "02-(0[1-9]|[12][0-9])",
        "(?!0000)[0-9]{4}-(0[13-9]|1[0-2])-(0[1-9]|[12][0-9]|30)",
        "(?!0000)[0-9]{4}-(0[13578]|1[02])-31",
        "(?!0000)[0-9]{4}-02-(0[1-9]|1[0-9]|2[0-8])",
        "[0-9]{2}(0[48]|[2468][048]|[13579][26])-02-29",
        "(?!0000)([02468][048]|[13579][26])00-02-29"
      ],
      "allowed": "a day as YYYY-MM-DD, or as MM-DD for every year"
    },
    "closed_days": {
      "is": "list", "items": "closed_day", "unique": "", "from": 0, "to": 1000,
      "allowed": "a list of at most 1000 days as YYYY-MM-DD or MM-DD, each once"
    },
    "month": {
      "is": "number", "whole": true, "from": 1, "to": 12,
      "allowed": "a month from 1 to 12"
    },
    "months": {"is": "list", "items": "month", "allowed": "a list of months from 1 to 12"},
    "day_of_year": {
      "is": "number", "whole": true, "from": 1, "to": 366,
      "allowed": "a day of the year from 1 to 366"
    },
    "days_of_year": {
      "is": "list", "items": "day_of_year",
      "allowed": "a list of days of the year from 1 to 366"
    },
    "month_day": {
      "is": "text", "from": 1, "to": 20,
      "patterns": [
        "(0[13-9]|1[0-2])-(0[1-9]|[12][0-9]|30)",
        "(0[13578]|1[02])-31",
        "02-(0[1-9]|[12][0-9])"
      ],
      "allowed": "a day of a month as MM-DD, such as 12-24"
    },
    "dates": {
      "is": "list", "items": "month_day",
      "allowed": "a list of days as MM-DD, such as 12-24"
    },
    "date": {
      "is": "text", "from": 1, "to": 20,
      "patterns": [
        "(?!0000)[0-9]{4}-(0[13-9]|1[0-2])-(0[1-9]|[12][0-9]|30)",
        "(?!0000)[0-9]{4}-(0[13578]|1[02])-31",
        "(?!0000)[0-9]{4}-02-(0[1-9]|1[0-9]|2[0-8])",
        "[0-9]{2}(0[48]|[2468][048]|[13579][26])-02-29",
        "(?!0000)([02468][048]|[13579][26])00-02-29"
      ],
      "allowed": "a day as YYYY-MM-DD, such as 2026-12-31"
    },
    "all": {"is": "word", "words": ["all"]},
    "require": {"is": "either", "string": "all", "else": "require_count"},
    "require_count": {
      "is": "number", "whole": true, "from": 1, "to": 2147483647,
      "allowed": "all, or a whole number from 1"
    },
    "operators": {
      "is": "object",
      "keys": {
        "gte": "bound", "gt": "bound", "lte": "bound", "lt": "bound", "ne": "scalar",
        "in": "scalars", "prefix": "prefix", "exists": "boolean"
      },
      "required": [],
      "rules": [],
      "from": 1
    },
    "prefix": {"is": "text", "from": 1, "to": 1000, "allowed": "text of 1 to 1000 characters"},
    "test": {"is": "either", "array": "scalars", "object": "operators", "else": "scalar"},
    "where": {
      "is": "map", "names": "attribute", "values": "test",
      "allowed": "by attribute: a value, a list, or gte, gt, lte, lt, ne, in, prefix, exists",
      "from": 1
    },
    "element": {
      "is": "object",
      "keys": {"measure": "element_measure", "field": "attribute", "at_least": "amount"},
      "required": ["at_least"],
      "rules": [
        {"rule": "only_with", "key": "field", "other": "measure", "words": ["sum", "max"]}
      ]
    },
    "unit_element": {
      "is": "object",
      "keys": {"measure": "unit_measure", "field": "attribute", "at_least": "amount"},
      "required": ["at_least"],
      "rules": [
        {"rule": "only_with", "key": "field", "other": "measure", "words": ["sum", "max"]}
      ]
    },
    "cap": {
      "is": "object",
      "keys": {"per": "cap_unit", "at": "amount"},
      "required": ["per", "at"],
      "rules": []
    },
    "cap_unit": {"is": "word", "words": ["day", "week", "month"]},
    "repeat": {
      "is": "object",
      "keys": {"every": "count", "each": "each", "max": "occurrences"},
      "required": ["max"],
      "rules": [
        {"rule": "exactly_one", "key": "every", "keys": ["every", "each"]}
      ]
    },
    "each": {"is": "word", "words": ["window"]},
    "tenure_repeat": {
      "is": "object",
      "keys": {"max": "occurrences"},
      "required": ["max"],
      "rules": []
    },
    "amount_tier": {
      "is": "object",
      "keys": {"tier": "slug", "at_least": "amount", "name": "name"},
      "required": ["tier", "at_least"],
      "rules": []
    },
    "amount_tiers": {
      "is": "list", "items": "amount_tier", "unique": "tier", "rising": "at_least",
      "allowed": "a list of {tier, at_least, name}, at_least rising"
    },
    "length_tier": {
      "is": "object",
      "keys": {"tier": "slug", "length": "count", "name": "name"},
      "required": ["tier", "length"],
      "rules": []
    },
    "length_tiers": {
      "is": "list", "items": "length_tier", "unique": "tier", "rising": "length",
      "allowed": "a list of {tier, length, name}, length rising"
    },
    "badge_list": {
      "is": "list", "items": "slug", "unique": "", "allowed": "a list of badges, each once"
    },
    "parts": {"is": "list", "items": "anything", "allowed": "a list of criteria"},
    "expression": {
      "is": "text", "from": 1, "to": 500,
      "without": [".**", "**", "like_regex", "/*", "\\", "[\""],
      "once": {"\"?\"": "[?]", "a wildcard": "[.]\\s*[*]|\\[\\s*[*]|keyvalue"},
      "allowed": "an SQL/JSON path of at most 500 characters, one filter, one wildcard, no comments"
    },
    "version": {"is": "number", "whole": true, "from": 1, "to": 1, "allowed": "1"},
    "time_zone": {
      "is": "text", "from": 1, "to": 100,
      "allowed": "an IANA time zone such as Europe/Oslo"
    },
    "day_starts": {
      "is": "text", "from": 1, "to": 20, "patterns": ["(0[0-9]|1[01]):[0-5][0-9]|12:00"],
      "allowed": "a time from 00:00 to 12:00, as HH:MM"
    },
    "week_starts": {"is": "word", "words": ["monday", "saturday", "sunday"]},
    "enabled_badges": {
      "is": "list", "items": "slug", "unique": "", "from": 0,
      "allowed": "a list of badges, each once"
    },
    "threshold_map": {
      "is": "map", "names": "slug", "values": "amount",
      "allowed": "a number, or numbers by tier or part"
    },
    "threshold_number": {
      "is": "number", "above": 0, "to": 1e30, "allowed": "a number, or numbers by tier or part"
    },
    "threshold": {"is": "either", "object": "threshold_map", "else": "threshold_number"},
    "custom_thresholds": {
      "is": "map", "names": "slug", "values": "threshold", "allowed": "thresholds by badge"
    },
    "organization": {
      "is": "object",
      "keys": {
        "name": "label", "time_zone": "time_zone", "day_starts": "day_starts",
        "week_starts": "week_starts", "closed_days": "closed_days", "badges": "enabled_badges",
        "custom_thresholds": "custom_thresholds"
      },
      "required": [],
      "rules": []
    },
    "organizations": {
      "is": "map", "names": "slug", "values": "organization", "to": 2000,
      "allowed": "at most 2000 organizations by slug"
    },
    "on_unmet": {"is": "word", "words": ["keep", "revoke", "lapse"]},
    "badge": {
      "is": "object",
      "keys": {
        "name": "name", "description": "description", "icon": "prose", "category": "label",
        "hidden": "boolean", "active": "boolean", "on_unmet": "on_unmet", "limit": "limit",
        "criteria": "anything"
      },
      "required": ["name", "criteria"],
      "rules": [
        {"rule": "not_with_below", "key": "limit", "other": "criteria", "below": "repeat"},
        {"rule": "not_with_word", "key": "limit", "other": "on_unmet", "word": "lapse"},
        {
          "rule": "word_without_parts", "key": "on_unmet", "word": "lapse", "other": "criteria",
          "types": ["criteria_raw", "manual", "tenure"], "keys": ["repeat"]
        },
        {
          "rule": "word_with_parts", "key": "on_unmet", "word": "lapse", "other": "criteria",
          "keys": ["last_days", "valid_days"]
        }
      ]
    },
    "limit": {
      "is": "object",
      "keys": {"first": "count"},
      "required": ["first"],
      "rules": []
    },
    "badges": {
      "is": "map", "names": "slug", "values": "badge", "to": 5000,
      "allowed": "at most 5000 badges by slug"
    },
    "document": {
      "is": "object",
      "keys": {
        "version": "version", "ruleset": "slug", "activity_types": "closed_activity_types",
        "organizations": "organizations", "badges": "badges"
      },
      "required": ["version", "ruleset"],
      "rules": []
    }
  }
}'::jsonb;

comment on function badges_internal._criteria_grammar() is
'Gives the grammar of the rule language, the same table as pgmerit/rules/grammar.json.';
