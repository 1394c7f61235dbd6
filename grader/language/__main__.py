"""`python -m grader.language`: bring the catalogs up to date with the sources, and list what is not translated yet."""

from grader.language.catalog import OWN
from grader.language.update import update

for line in update(OWN.parents[1]):
    print(line)
