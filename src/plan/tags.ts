const UNTAGGED: readonly string[] = ['untagged'];

/** Whether `--tags` and `--skip-tags` leave a task in; `always`, `never`, `all`, `tagged` and `untagged` as in Ansible 2.14. */
export function isSelected(written: readonly string[], only: readonly string[], skip: readonly string[]): boolean {
  const tags = written.length === 0 ? UNTAGGED : written;
  return isWanted(tags, only.length === 0 ? ['all'] : only) && !isSkipped(tags, skip);
}

function isWanted(tags: readonly string[], only: readonly string[]): boolean {
  if (tags.includes('always') || only.some((tag) => tags.includes(tag))) return true;
  if (tags.includes('never')) return false;
  return only.includes('all') || (only.includes('tagged') && tags !== UNTAGGED);
}

function isSkipped(tags: readonly string[], skip: readonly string[]): boolean {
  if (skip.includes('all')) return !tags.includes('always') || skip.includes('always');
  return skip.some((tag) => tags.includes(tag)) || (skip.includes('tagged') && tags !== UNTAGGED);
}
