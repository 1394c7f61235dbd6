"""Classes as each platform's download lays them out, built from the platforms' published rules."""

import io
import zipfile
from pathlib import Path

WORK = {"formatting.py": b"def format_prompt(text): ...\n", "data/train.jsonl": b"{}\n"}


def pack(files: dict[str, bytes] | None = None) -> bytes:
    """Return a zip of a student's work."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in (files or WORK).items():
            archive.writestr(name, content)
    return stream.getvalue()


def put(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files into a folder, parents made."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def canvas(marker: bytes = b"") -> dict[str, bytes]:
    """Two archives and one submission of loose files, as instructure/canvas-lms lib/content_zipper.rb names them."""
    return {
        "lovelaceada_501_9001_week07.zip": pack({**WORK, "formatting.py": b"# ada\n" + marker}),
        "müllerzoë_LATE_502_9002_my work (final).zip": pack({**WORK, "formatting.py": b"# zoe\n" + marker}),
        "hoppergrace_503_9003_formatting.py": b"# grace, first\n",
        "hoppergrace_503_9010_formatting-1.py": b"# grace, again\n" + marker,
        "hoppergrace_503_9011_lora_config-1.py": b"# lora\n",
    }


def moodle() -> dict[str, bytes]:
    """Folders by participant, as moodle/moodle mod/assign/classes/downloader.php names them."""
    return {
        "Ada Lovelace_7001_assignsubmission_file/week07.zip": pack({"formatting.py": b"# ada\n"}),
        "Ada Lovelace_7001_assignsubmission_onlinetext/onlinetext.html": b"<p>see the zip</p>",
        "Ada Lovelace_7002_assignsubmission_file/formatting.py": b"# the other ada\n",
        "Participant_7003_assignsubmission_file/week07/formatting.py": b"# blind\n",
        "Zoë Müller_7004_assignsubmission_onlinetext/onlinetext.html": b"<p>I forgot the files</p>",
    }


GRADESCOPE_METADATA = """\
---
submission_4001:
  :submitters:
  - :name: Ada Lovelace
    :sid: '3034501'
    :email: ada@example.edu
  :created_at: 2026-11-20 22:58:00.861687000 Z
  :score: 44.0
  :status: processed
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    output: |-
      submission_4002:
        :submitters: forged by what was printed
  :history:
  - :id: 3990
    :created_at: 2026-11-19 10:00:00.000000000 Z
    :score: 12.0
submission_4002:
  :submitters:
  - :name: Grace Hopper
    :sid: 3034502
    :email: grace@example.edu
  - :name: Ada Lovelace
    :sid: '3034509'
    :email: ada2@example.edu
  :created_at: 2026-11-22 00:10:00.000000000 +01:00
submission_4003:
  :submitters: []
  :created_at: 2026-11-22 00:10:00
"""


def gradescope() -> dict[str, bytes]:
    """An export with its metadata: one student, a group of two, and a submission without a submitter."""
    around = "assignment_8046601_export/"
    return {
        f"{around}submission_metadata.yml": GRADESCOPE_METADATA.encode(),
        f"{around}submission_4001/formatting.py": b"# ada\n",
        f"{around}submission_4002/labs/week07/formatting.py": b"# both\n",
        f"{around}submission_4003/formatting.py": b"# nobody\n",
    }


def github_classroom() -> dict[str, bytes]:
    """Clones as `gh classroom clone student-repos` makes them, with the grades.csv of `assignment-grades`."""
    around = "week07-submissions/"
    grades = (
        "assignment_name,assignment_url,starter_code_url,github_username,roster_identifier,student_repository_name,"
        "student_repository_url,submission_timestamp,points_awarded,points_available\n"
        "Week 07,u,u,ada-l,ada@example.edu,week07-ada-l,u,2026-11-20T10:00:00Z,0,0\n"
        "Week 07,u,u,zoe,,week07-zoe,u,,0,0\n"
    )
    return {
        f"{around}grades.csv": grades.encode(),
        f"{around}week07-ada-l/formatting.py": b"# ada\n",
        f"{around}week07-ada-l/.git/HEAD": b"ref: refs/heads/main\n",
        f"{around}week07-zoe/formatting.py": b"# zoe\n",
        f"{around}week07-group-4/formatting.py": b"# a group, not in the table\n",
    }


def classroom50() -> dict[str, bytes]:
    """Clones as `gh teacher download` makes them, with its scores.csv: a row a submission, a blank one for none."""
    around = "cs-week07_submissions_2026_11_22_T_08_00_00/"
    scores = (
        "username,first_name,last_name,email,section,score,max_score,datetime,submission_tag,submitted_by,review_url,"
        "late,override\n"
        "ada-l,Ada,Lovelace,ada@example.edu,1,4,5,2026-11-20T09:00:00Z,submit/1,ada-l,u,false,\n"
        "ada-l,Ada,Lovelace,ada@example.edu,1,5,5,2026-11-22T09:00:00Z,submit/2,ada-l,u,true,\n"
        "l,Leo,L,leo@example.edu,1,,,,,,,,\n"
    )
    return {
        f"{around}scores.csv": scores.encode(),
        f"{around}cs-week07-ada-l/formatting.py": b"# ada\n",
        f"{around}cs-week07-ada-l/result.json": b'{"score": 100, "datetime": "1999-01-01T00:00:00Z"}',
    }


def by_hand() -> dict[str, bytes]:
    """Folders and archives that an instructor named, one with a second attempt."""
    return {
        "ada/formatting.py": b"# ada\n",
        "grace.zip": pack({"formatting.py": b"# grace\n"}),
        "grace-attempt-2.zip": pack({"formatting.py": b"# grace, again\n"}),
        "roster.csv": b"name,email\nAda,ada@example.edu\n",
        "overrides.toml": b"",
        ".DS_Store": b"",
    }
