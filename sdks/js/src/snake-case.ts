/** Return a name as the API writes it: `jobId` and `JobId` are `job_id`. */
export function toSnakeCase(name: string): string {
  return name.replace(/\B[A-Z]/g, "_$&").toLowerCase();
}
