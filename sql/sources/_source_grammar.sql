-- Gives what a source's definition may hold, in the kinds of the rule language's grammar.
create or replace function badges_internal._source_grammar()
returns jsonb
language sql
immutable
return replace(replace($grammar${
  "is": "object",
  "keys": {
    "table": <table>,
    "person": {
      "is": "either", "else": <column>, "object": {
        "is": "object",
        "keys": {
          "column": <column>,
          "namespace": {
            "is": "text", "from": 1, "to": 100,
            "allowed": "a name of 1 to 100 characters for what the ids are ids of"
          }
        },
        "required": ["column"], "rules": []
      }
    },
    "organization": {
      "is": "either", "else": "slug", "object": {
        "is": "object", "keys": {"column": <column>}, "required": ["column"], "rules": []
      }
    },
    "type": {
      "is": "either", "else": "activity_type", "object": {
        "is": "object",
        "keys": {
          "column": <column>,
          "names": {
            "is": "map", "names": "label", "values": "activity_type", "from": 1, "to": 500,
            "allowed": "activity types by what the column holds"
          }
        },
        "required": ["column"], "rules": []
      }
    },
    "at": <column>,
    "quantity": <column>,
    "attributes": {
      "is": "either", "else": <column>,
      "array": {
        "is": "list", "items": <column>, "unique": "", "to": 40,
        "allowed": "a list of at most 40 columns, each once"
      },
      "object": {
        "is": "map", "names": "attribute", "values": <column>, "from": 1, "to": 40,
        "allowed": "at most 40 columns by attribute"
      }
    },
    "only": {
      "is": "map", "names": <column>, "values": "test", "from": 1, "to": 40,
      "allowed": "by column: a value, a list, or gte, gt, lte, lt, ne, in, prefix, exists"
    },
    "key": {
      "is": "either", "else": <column>, "array": {
        "is": "list", "items": <column>, "unique": "", "to": 8,
        "allowed": "a list of at most 8 columns, each once"
      }
    },
    "on_user_delete": {
      "is": "object",
      "keys": {
        "table": <table>, "key": <column>, "then": {"is": "word", "words": ["erase", "keep"]}
      },
      "required": ["key", "table", "then"], "rules": []
    }
  },
  "required": ["at", "organization", "person", "table", "type"],
  "rules": []
}$grammar$,
    '<table>', '{"is": "text", "from": 1, "to": 200,
        "allowed": "a table with its schema, such as public.quiz_results"}'),
    '<column>', '{"is": "text", "from": 1, "to": 63, "allowed": "a column"}')::jsonb;

comment on function badges_internal._source_grammar() is
'Gives what a source''s definition may hold, in the kinds of the rule language''s grammar.';
