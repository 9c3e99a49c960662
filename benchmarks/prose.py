"""The text of the page after the tables."""

from __future__ import annotations

NOTES = """\
## How to read it

The contestants take turns, in another order in each round, and each run is a new process. One run before the
first round does not count, because files are read or compiled then. Before each run the bucket is restored to
the same state. After the run it is checked: every object with its size and ETag (the MD5 of the file, if it
was sent in one piece), nothing left under a deleted prefix, and the keys beside that prefix still there. If
the content is wrong, the contestant has failed, and the table says so.

All contestants use their defaults. Tools that would print a line for each object get an option that prevents
it. For a library, *wall*, *CPU* and *peak* are those of the call, in a process that already has a client, as
in a running task; the peak is above what the process held before. A command line tool starts for each job, so
its numbers are those of the whole process. The last three columns are those of the whole process for all
contestants; for a library they include its imports, with Airflow's. *Times* compares files or keys per
second: above 1 is faster.

With the delay, a contestant that sends one file or a few at a time would take many minutes. It gets only the
first files, as the column *files* shows, and files per second are compared. So does aws-cli if there are
thousands of small files or keys: it is slow, and more files would make the run longer but not change the
ratio.

Versions: aws-cli and obstore cannot delete them. The provider has no method for it, so its row is code
written by hand on its client. Without `--s3-versions` rclone would only add delete markers. boto3's
collection deletes each page before it lists the next one, and this gateway lists nothing more if the version
at the end of a page is gone: that failure is the gateway's.

Over https all contestants trust the server's certificate and verify it, except obstore: it refuses
self-signed certificates, so its verification is switched off. There all contestants have
`AWS_REQUEST_CHECKSUM_CALCULATION=when_required` in their environment, because the server refuses the default
requests of boto3, the provider and aws-cli. So these send no checksum over https, and ours still does. Over
http ours, boto3, the provider and aws-cli send a checksum with each file, and the server compares it.

The delay comes from a relay that holds every byte for a while. The relay does not limit the bandwidth: alone
it carried {relay} MiB/s in this run, with sender and receiver on the same cores, and {trips} small requests
per second with their responses on {connections} connections. The CPU that it uses is not available to the
contestant and the server.

The server shares the machine's cores with the contestant, so CPU that a contestant saves also saves wall
time. The server hashes every byte itself (MD5, SHA-256 over http, and the checksum that was sent: its
CRC64NVME is written in plain Go and takes longer than the CRC32 of boto3), with more CPU than most
contestants use. No contestant can save that part of the wall time. The server keeps connections open between
requests, as S3 does. Sources and store are in memory, so disks have no influence, except for the store of the
sparse file: data that a run left to write there is written before the next run."""
