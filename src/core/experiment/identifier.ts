/** What ids of runs and stages look like. Pure, and small enough for workflows: they go into workflow ids and list queries. */

export const identifierRule = "must be 1 to 48 lower-case letters, digits and hyphens";
export const identifierPattern = /^[a-z0-9][a-z0-9-]{0,47}$/;
