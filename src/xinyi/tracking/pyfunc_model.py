"""The model that MLflow serves: a bundle behind `xinyi.runtime`. Stored as this text, so there is no pickle.

Input: a table with a column `text` and, if wanted, `context`. Output: for each task the columns `<task>.label`,
`<task>.name`, `<task>.probability`, `<task>.abstained`.
"""

from __future__ import annotations

from typing import Any

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc.model import PythonModel

FIELDS = ("label", "name", "probability", "abstained")


class BundleModel(PythonModel):
    """Loads the bundle that lies beside it and answers with labels."""

    def load_context(self, context: Any) -> None:
        """Open the bundle. Raises BundleError when files are missing or were changed."""
        from xinyi.runtime import load

        self._classifier = load(context.artifacts["bundle"])

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """One row of answers for each row. Raises MlflowException (HTTP 400) for anything but strings."""
        from xinyi.errors import XinyiError

        contexts = [_given(turn) for turn in model_input["context"]] if "context" in model_input else None
        try:
            answers = self._classifier.predict(list(model_input["text"]), contexts)
        except XinyiError as error:
            raise MlflowException(str(error), error_code=INVALID_PARAMETER_VALUE) from error
        tasks = [task.id for task in self._classifier.tasks]
        rows = [{f"{task}.{field}": row[task][field] for task in tasks for field in FIELDS} for row in answers]
        columns = [f"{task}.{field}" for task in tasks for field in FIELDS]
        return pd.DataFrame(rows, columns=columns, index=model_input.index)


def _given(value: Any) -> Any:
    """None for the NaN that pandas puts where a context is missing."""
    return None if value is None or (isinstance(value, float) and value != value) else value


mlflow.models.set_model(BundleModel())
