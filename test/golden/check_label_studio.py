"""Checks tasks for Label Studio with its own SDK (label-studio-sdk 2.1.2), offline.

    python test/golden/check_label_studio.py CONFIG.xml TASKS.json

Prints one line and exits 0 where the labelling configuration and every task and prediction are valid; else prints
what is wrong and exits 1.
"""
import json
import sys

from label_studio_sdk.label_interface import LabelInterface


def main(config_path, tasks_path):
    with open(config_path, encoding="utf-8") as file:
        interface = LabelInterface(file.read())
    interface.validate()
    with open(tasks_path, encoding="utf-8") as file:
        tasks = json.load(file)
    problems = []
    predictions = 0
    for number, task in enumerate(tasks):
        if not interface.validate_task({"data": task["data"]}):
            problems.append(f"task {number}: its data does not fit the configuration")
        for prediction in task.get("predictions", []):
            predictions += 1
            problems += [f"task {number}: {error}" for error in interface.validate_prediction(prediction, return_errors=True)]
            # a check that the check checks: another name must be refused
            wrong = json.loads(json.dumps(prediction))
            wrong["result"][0]["from_name"] = "nobody"
            if interface.validate_prediction(wrong):
                problems.append(f"task {number}: a prediction for an unknown tag was accepted")
    for problem in problems:
        print(problem)
    if not problems:
        print(f"valid: {len(tasks)} tasks, {predictions} predictions")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
