"""A program with a link open in a browser, for tests that kill it."""

OWNER = """
import asyncio, sys
sys.path.insert(0, "tests")
from support.browser_world import run_world
async def main():
    async with run_world() as world:
        world.put("<script>setTimeout(() => location = '/', 60000)</script>")
        link = asyncio.create_task(world.resolve(steps=[{"use": "follow"}], limits={"timeout": 60, "max_wait": 50}))
        while not world.shortener.asked:
            await asyncio.sleep(0.01)
        print("open", flush=True)
        await link
asyncio.run(main())
"""
