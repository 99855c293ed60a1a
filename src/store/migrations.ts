// The state file's schema, as numbered steps that only go forward. A step that shipped is never edited: a change is a new step.

export const MIGRATIONS: readonly { readonly version: number; readonly sql: string }[] = [
  {
    version: 1,
    sql: 'CREATE TABLE kv (key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) STRICT, WITHOUT ROWID;',
  },
];

/** Marks the file as ours (SQLite's application_id): `CULL`. */
export const APPLICATION_ID = 0x43_55_4c_4c;
