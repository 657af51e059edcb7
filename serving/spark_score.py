"""Score a table with a registered bundle on Spark: messages that outgrew one machine.

    spark-submit --master yarn --num-executors 20 serving/spark_score.py models:/xinyi@champion \\
        hdfs:///messages.parquet hdfs:///answers.parquet

Every executor needs Python with this project's serving packages (numpy, pandas, pyarrow, onnxruntime, tokenizers,
mlflow); the model brings the rest of its code. Columns read: `text`, and `context` where there is one.
"""

from __future__ import annotations

import sys

import mlflow.pyfunc
from pyspark.sql import SparkSession
from pyspark.sql.functions import coalesce, col, lit, struct


def main(model: str, source: str, target: str) -> None:
    """Write the table with one more column `xinyi`: a struct of `<task>.label` and the like."""
    spark = SparkSession.builder.appName("xinyi").getOrCreate()
    rows = spark.read.parquet(source)
    answer = mlflow.pyfunc.spark_udf(spark, model, env_manager="local")
    inputs = [col("text")]
    if "context" in rows.columns:
        # A column of nothing but nulls is one of numbers to Parquet and pandas, which the model's signature refuses.
        inputs.append(coalesce(col("context").cast("string"), lit("")).alias("context"))
    rows.withColumn("xinyi", answer(struct(*inputs))).write.parquet(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
