"""A run as an offline run of Weights & Biases: a folder that `wandb sync` uploads, if and when its owner wants to."""

from pathlib import Path

from grader.tracking.scalars import Scalars


def write(out: Path, run: str, project: str, scalars: Scalars) -> Path:
    """Write an offline run below `out`/wandb; return its folder. Nothing is sent, whatever the environment says.

    Of this machine and its owner nothing is recorded either: no output, code, repository, hardware or load.
    """
    import wandb

    out.mkdir(parents=True, exist_ok=True)
    settings = wandb.Settings(
        console="off",
        silent=True,
        save_code=False,
        x_save_requirements=False,
        disable_git=True,
        x_disable_meta=True,
        x_disable_stats=True,
        x_disable_machine_info=True,
    )
    opened = wandb.init(project=project, name=run, dir=str(out), mode="offline", reinit="create_new", settings=settings)
    for step, values in scalars:
        opened.log(values, step=step)
    path = Path(opened.dir).parent
    opened.finish()
    wandb.teardown()  # the file is whole only once the process that writes it has ended
    return path
