#include "tickhouse/sql/spark/spark_script.h"

namespace tickhouse::sql {

namespace {

// Query or not is asked of Spark's own grammar: `parseQuery` takes what begins like a query, and a
// FROM ... INSERT, which does too, shows by its nodes.
constexpr const char* kScript =
    R"py("""Written by tickhouse: one query, its rows left as Parquet."""
import json
import os
import re
import sys

from pyspark import SparkConf
from pyspark.sql import SparkSession, functions
from pyspark.sql.types import ArrayType, BinaryType, MapType, StructType

PLAIN = {"boolean": "boolean", "tinyint": "integer", "smallint": "integer", "int": "integer",
         "bigint": "integer", "decimal": "decimal", "float": "real", "double": "real",
         "date": "date", "timestamp": "timestamptz", "timestamp_ntz": "timestamp",
         "string": "text"}
TIMES = "yyyy-MM-dd HH:mm:ss[.SSSSSS]"
JSON = {"timestampFormat": TIMES, "timestampNTZFormat": TIMES, "ignoreNullFields": "false"}
WRAPPERS = ("TASK_WRITE_FAILED", "_LEGACY_ERROR_TEMP_2054")
MISSING = ("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND", "PATH_NOT_FOUND", "CATALOG_NOT_FOUND",
           "FAILED_READ_FILE.FILE_NOT_EXIST")
STATES = {"21": "invalid-argument", "22": "invalid-argument", "42": "invalid-argument",
          "54": "invalid-argument", "P0": "invalid-argument", "0A": "unsupported",
          "53": "unavailable"}
CLASSES = (
    ("not-found", "NotFoundException|NoSuchFileException|NoSuchKeyException|NoSuchBucketException"),
    ("permission", "ForbiddenException|NotAuthorizedException|Acces(s|sControl|sDenied)Exception"),
    ("link", "NoClassDefFoundError|ClassNotFoundException|NoSuchMethodError|AbstractMethodError|"
             "NoSuchFieldError|IncompatibleClassChangeError|UnsupportedClassVersionError"),
    ("unavailable", "ConnectException|UnknownHostException|SdkClientException|"
                    "ServiceUnavailableException|SocketTimeoutException|RESTException"),
    ("no-space", "OutOfMemoryError"),
    ("invalid-argument", "IllegalArgumentException|ArithmeticException|NumberFormatException|"
                         "DateTimeException|DateTimeParseException"),
    ("unsupported", "UnsupportedOperationException"))


class Refused(Exception):
    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


def answer(folder, **what):
    path = os.path.join(folder, "answer.json")
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(what, file)
    os.replace(path + ".part", path)


def asked(thing, *methods):
    """What the first method that the Java object has answers; versions of Spark differ."""
    for method in methods:
        try:
            return getattr(thing, method)()
        except Exception:
            pass
    return None


def causes(error):
    java = getattr(error, "_origin", None) or getattr(error, "java_exception", None)
    chain = []
    while java is not None and len(chain) < 20:
        chain.append(java)
        java = asked(java, "getCause")
    return chain


def place_of(texts):
    for text in texts:
        found = re.search(r"(?:\(|; )line (\d+),? pos (\d+)", text)
        if found:
            return int(found[1]), int(found[2]) + 1
        found = re.search(r"== SQL \(line (\d+), position (\d+)\) ==", text)
        if found:
            return int(found[1]), int(found[2])
    return None


def plain_words(text, condition):
    text = re.split(r"\n== SQL|\n\nJVM stacktrace|\n'|\nDriver stacktrace", text.strip())[0]
    text = re.sub(r"; line \d+ pos \d+;?\s*$|\(line \d+, pos \d+\)\s*$", "", text)
    text = re.sub(r"\s*SQLSTATE: \w+", "", text)
    text = re.split(r"\sVerify the spelling|\sIf necessary set", text)[0]
    if condition and text.startswith("[" + condition + "]"):
        text = text[len(condition) + 2:]
    return " ".join(text.split())


def kind_of(condition, state, name, text):
    if condition:
        if condition in MISSING:
            return "not-found"
        if condition.startswith("PARSE_"):
            return "invalid-argument"
        return STATES.get((state or "")[:2], "io")
    if "Status Code: 403" in text:
        return "permission"
    for kind, names in CLASSES:
        if re.search("(^|[.$])(" + names + ")$", name):
            return kind
    return "io"


def told(error):
    if isinstance(error, Refused):
        return {"kind": error.kind, "message": str(error)}
    chain = causes(error)
    if not chain:
        return {"kind": "io", "message": f"{type(error).__name__}: {plain_words(str(error), '')}"}
    texts = [asked(java, "getMessage") or "" for java in chain]
    chosen, condition = len(chain) - 1, None
    for i in reversed(range(len(chain))):
        said = asked(chain[i], "getCondition", "getErrorClass")
        if said and said not in WRAPPERS:
            chosen, condition = i, said
            break
    name = chain[chosen].getClass().getName()
    state = asked(chain[chosen], "getSqlState")
    kind = kind_of(condition, state, name, texts[chosen])
    words = plain_words(texts[chosen], condition) or name
    message = f"{words} ({condition or name.split('.')[-1]})"
    if kind == "link":
        kind, message = "unavailable", (
            f"{message}: the Iceberg jar is not made for this Spark, or one is missing")
    what = {"kind": kind, "message": message}
    place = place_of([texts[chosen]] + texts)
    if place:
        what["line"], what["column"] = place
    return what


def each(sequence):
    return [sequence.apply(i) for i in range(sequence.size())]


def nodes(plan):
    waiting = [plan]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += each(node.children()) + each(node.innerChildren())


def parameters_of(plan):
    count = 0
    for node in nodes(plan):
        waiting = each(node.expressions())
        while waiting:
            expression = waiting.pop()
            count += expression.getClass().getSimpleName() == "PosParameter"
            waiting += each(expression.children())
    return count


def read_only(spark, text):
    """The parsed statement; Refused for one that is no query."""
    parser = spark._jsparkSession.sessionState().sqlParser()
    plan = parser.parsePlan(text)
    name = plan.getClass().getSimpleName()
    if name.startswith(("Show", "Describe")) or name == "ExplainCommand":
        return plan
    utils = spark._jvm.org.apache.spark.util.Utils
    command = utils.classForName("org.apache.spark.sql.catalyst.plans.logical.Command", True, False)
    changes = any(command.isInstance(node) or node.getClass().getSimpleName().startswith("Insert")
                  for node in nodes(plan))
    # It wants no end; and what is no query has no beginning that is one.
    bare = text.rstrip("; \t\r\n")
    for words in () if changes else (bare, re.sub(r"\s*;\s*--[^\n]*$", "", bare)):
        try:
            parser.parseQuery(words)
            return plan
        except Exception:
            pass
    raise Refused("permission", f"only queries are run ({name} is none): change tables with "
                                "Spark's own programs")


def has_class(spark, name):
    return bool(spark._jvm.org.apache.spark.util.Utils.classIsLoadable(name))


def start(folder, plan):
    conf = SparkConf()
    settings = dict(plan["settings"])
    local = conf.get("spark.master", "local[*]").startswith("local")
    if local:
        alone = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
                 "spark.local.dir": os.path.join(folder, "local")}
        settings.update({name: value for name, value in alone.items() if not conf.contains(name)})
    builder = SparkSession.builder.appName("tickhouse sql")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate(), local


def use_lake(spark, lake):
    """What is missing to read tables of the lake; empty: nothing."""
    if not has_class(spark, "org.apache.iceberg.spark.SparkCatalog"):
        return "iceberg-spark-runtime"
    if lake["s3"] and not has_class(spark, "software.amazon.awssdk.services.s3.S3Client"):
        return "iceberg-aws-bundle"
    for name, value in lake["settings"].items():
        spark.conf.set(name, value)
    return ""


def column_of(name, type):
    word = type.simpleString()
    kind = PLAIN.get(word.split("(")[0].split(" ")[0])
    column = functions.col(name)
    if kind:
        return kind, column
    if word == "void":
        return "text", column.cast("string")
    if isinstance(type, (ArrayType, MapType, StructType)) or word == "variant":
        return "other", functions.to_json(column, JSON)
    if isinstance(type, BinaryType):
        return "other", functions.hex(column)
    return "other", column.cast("string")


def check_hosts(spark):
    """Executors elsewhere would write rows where nobody reads them."""
    infos = spark.sparkContext._jsc.sc().statusTracker().getExecutorInfos()
    hosts = {info.host() for info in infos}
    if len(hosts) > 1:
        raise Refused("invalid-argument", "this Spark works on several machines (" +
                      ", ".join(sorted(hosts)) + "): name a folder that all of them have in "
                      "common with --spark-folder")


def run(folder, plan):
    spark, local = start(folder, plan)
    lacking = use_lake(spark, plan["lake"]) if plan["lake"] else ""
    try:
        parsed = read_only(spark, plan["statement"])
        values, wanted = plan["parameters"], parameters_of(parsed)
        if wanted != len(values):
            raise Refused("invalid-argument", f"the statement has {wanted} parameters; "
                                              f"{len(values)} values were given")
        rows = spark.sql(plan["statement"], args=values) if values else spark.sql(plan["statement"])
        fields = rows.schema.fields
        names = [f"c{i}" for i in range(len(fields))]
        shaped = [column_of(name, field.dataType) for name, field in zip(names, fields)]
        columns = [{"name": field.name, "type": field.dataType.simpleString(), "kind": kind}
                   for field, (kind, _) in zip(fields, shaped)]
        shared = local or plan["shared"]
        if not shared:
            spark.range(1).count()
            check_hosts(spark)
        if columns:
            rows = rows.toDF(*names).select(*[c.alias(n) for n, (_, c) in zip(names, shaped)])
            rows.write.parquet("file://" + os.path.join(folder, "rows"))
        if not shared:
            check_hosts(spark)
        answer(folder, columns=columns)
    except Exception as error:
        what = told(error)
        if lacking and what["kind"] in ("not-found", "unavailable"):
            what = {"kind": "unavailable", "message": f"Spark has no {lacking}: name the jar with "
                                                      "--spark-jars or in TICKHOUSE_SPARK_JARS"}
        answer(folder, error=what)
    spark.stop()


def main():
    folder = sys.argv[1]
    path = os.path.join(folder, "plan.json")
    with open(path, encoding="utf-8") as file:
        plan = json.load(file)
    os.remove(path)
    run(folder, plan)


if __name__ == "__main__":
    main()
)py";

}  // namespace

std::string SparkSqlScript() {
  return kScript;
}

}  // namespace tickhouse::sql
