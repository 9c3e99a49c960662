"""The words around the tables."""

from __future__ import annotations

NOTES = """\
## How to read it

Contestants take turns, in another order each round, and each run is a new process; one run that does not
count went first, for what is read or compiled only once. Before each run the bucket is brought to the same
state, and afterwards it is looked at: every object with its size and ETag (the MD5 of the file, where it
went in one piece), nothing left under a deleted prefix, its neighbours still there. Who left it otherwise
has failed, and the table says so.

All use their defaults; tools that would print a line for each object are told not to. *Wall*, *CPU* and
*peak* of a library are those of the call, in a process that has its client ready, as a running task has;
the peak is above what that process held before. A command line tool starts for each job, so for it they are
those of the whole process, and so are the last three columns for everyone (a library's hold its imports,
Airflow's too). *Times* compares files or keys a second: above 1 is faster.

Who sends one by one, or a few at a time, would take many minutes at a distance. Such a contestant gets the
first files only, as the column *files* says, and files a second are compared. So does aws-cli wherever
there are thousands of small files or keys: it is slow, and the more it has to do the longer the run would
be, not the ratio.

Versions: aws-cli and obstore cannot delete them, and the provider has no method for it, so its row is what
is left to write by hand on its client. Without `--s3-versions` rclone would only add delete markers.
boto3's collection deletes each page before it lists the next one, and this gateway lists nothing more once
the version where a page ended is gone: that failure is the gateway's.

Over https everyone trusts the server's certificate and verifies it, except obstore: it takes none that
signs itself, and is told not to verify. There everyone's environment says
`AWS_REQUEST_CHECKSUM_CALCULATION=when_required`: the server refuses what boto3, the provider and aws-cli
send otherwise. So they send no checksum there, and ours still does. Over http ours, boto3, the provider and
aws-cli send one with each file, and the server compares it.

The distance is a relay that holds every byte for a while. It is no narrow line: alone it carried {relay}
MiB/s in this run, with sender and receiver on the same cores, and {trips} small requests a second with
their answers on {connections} connections. What CPU it takes, the contestant and the server lack.

The server shares the machine's cores with the contestant, so CPU that a contestant saves is wall time, too.
It hashes every byte itself (MD5, SHA-256 over http, and the checksum that was sent: its CRC64NVME is plain
Go and takes longer than the CRC32 of boto3), with more CPU than most contestants. That part of the wall
time nobody can save. It keeps connections open between requests, as S3 does. Sources and store lie in
memory, so no disk has a say, except for the sparse file's store: what a run left to write there is written
before the next."""
