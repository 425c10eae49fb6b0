"""linkskipper jobs …"""

from typing import Annotated
from uuid import UUID

import msgspec
import typer

from linkskipper.cli.database import with_database
from linkskipper.cli.options import DataDirOption, JsonOption, command_group
from linkskipper.cli.output import print_json, print_table
from linkskipper.database import Pool
from linkskipper.errors import UnknownRecordError
from linkskipper.jobs import JobDetails, JobOwner, read_details, read_queued_links
from linkskipper.settings import Settings

app = command_group(help="Show jobs of all accounts.")


@app.callback()
def group() -> None:
    """Show jobs of all accounts."""


@app.command()
def show(
    job: Annotated[UUID, typer.Argument(metavar="JOB", help="Id of the job.")],
    data_dir: DataDirOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show everything that is known of a job, with its hops."""

    async def work(_: Settings, pool: Pool) -> JobDetails:
        link = (await read_queued_links(pool, [job])).get(job)
        details = None if link is None else await read_details(pool, JobOwner(link.account_id), job)
        if details is None:
            raise UnknownRecordError(
                f"Job {job} does not exist. The service deletes jobs after LINKSKIPPER_KEEP_DAYS days."
            )
        return details

    details = with_database(data_dir, work)
    if as_json:
        print_json(details)
        return
    values = {**msgspec.structs.asdict(details.job), **msgspec.structs.asdict(details)}
    del values["job"], values["hops"]
    print_table(("field", "value"), [(name.replace("_", " "), value) for name, value in values.items()])
    print_table(("status", "mechanism", "url"), [(hop.status, hop.mechanism, hop.url) for hop in details.hops])
