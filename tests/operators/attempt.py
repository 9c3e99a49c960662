"""Run attempts of a task in a separate process, which a test may kill or terminate.

The first attempt is `dag.test()`, which itself retries after a failure. If the process was killed, the next
process does what the scheduler does then (`handle_failure`), and runs the task instance again.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG

from airflow_s3ops.operators import UploadFileOperator
from tests.operators.dag_runs import only_our_warnings, serialise

TASK = "upload"


def main() -> None:
    """Run the attempt that standard input describes; print the task's state and result."""
    attempt = json.load(sys.stdin)
    with DAG(attempt["dag_id"], schedule=None) as dag:
        UploadFileOperator(task_id=TASK, retries=1, retry_delay=timedelta(0), **attempt["parameters"])
    with only_our_warnings():
        if attempt["attempt"] == 1:
            serialise(dag)
            outcome = run_first(dag)
        else:
            outcome = run_again(dag)
    sys.stdout.write(f"{json.dumps(outcome)}\n")


def run_first(dag: DAG) -> dict[str, Any]:
    """Run the DAG; return the tries, state and result of its task."""
    (ti,) = dag.test().get_task_instances()
    return {"tries": ti.try_number, "state": str(ti.state), "result": ti.xcom_pull(task_ids=TASK)}


def run_again(dag: DAG) -> dict[str, Any]:
    """Run the task again after its process died; return its state before, and its state and result now."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.sdk.definitions.dag import _run_task
    from airflow.serialization.serialized_objects import create_scheduler_operator
    from airflow.utils.session import create_session
    from airflow.utils.state import TaskInstanceState

    with create_session() as session:
        ti = session.query(TaskInstance).filter_by(dag_id=dag.dag_id, task_id=TASK).one()
        ti.task = create_scheduler_operator(dag.get_task(TASK))
        state = str(ti.state)
        ti.handle_failure("the process has died", session=session)
        session.commit()
        ti.try_number += 1
        session.commit()
        _run_task(ti=ti, task=dag.get_task(TASK))
        return {
            "state_left": state,
            "state": TaskInstanceState(ti.state).value,
            "result": ti.xcom_pull(task_ids=TASK),
        }


if __name__ == "__main__":
    main()
