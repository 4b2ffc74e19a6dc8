from rich.console import Console
from rich.progress import Progress
from bench.figures import Figure
async def run(console: Console, progress: Progress) -> list[Figure]: return []
