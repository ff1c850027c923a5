"""Uses a server as somebody does who knows only the protocol: paho-mqtt, topics and JSON. Prints each message that
comes, one on a line, as {"topic": ..., "payload": ...}."""

import json
import sys
import threading

import paho.mqtt.client as mqtt

port = int(sys.argv[1])
CLIENT_ID = "paho"
TIMEOUT_S = 10

arrived = []
changed = threading.Condition()
ready = threading.Event()


def on_connect(client, userdata, flags, code):
    # A refusal leaves `ready` unset, and the script ends with an error.
    if code == 0:
        client.subscribe([(f"spec/{CLIENT_ID}/response", 1), (f"spec/{CLIENT_ID}/notify/+", 1)])


def on_message(client, userdata, message):
    line = {"topic": message.topic, "payload": json.loads(message.payload)}
    print(json.dumps(line), flush=True)
    with changed:
        arrived.append(line)
        changed.notify_all()


def wait_for(found):
    with changed:
        if not changed.wait_for(lambda: any(map(found, arrived)), TIMEOUT_S):
            sys.exit("no answer")
        return next(filter(found, arrived))


def ask(message_id, **message):
    payload = json.dumps({"id": message_id, "type": "request", "entity": "readings", **message})
    client.publish(f"spec/{CLIENT_ID}/request", payload, qos=1)
    return wait_for(lambda one: one["payload"].get("id") == message_id)["payload"]


client = mqtt.Client(client_id=CLIENT_ID, protocol=mqtt.MQTTv311)
client.on_connect = on_connect
client.on_message = on_message
client.on_subscribe = lambda *_: ready.set()
client.connect("127.0.0.1", port)
client.loop_start()
if not ready.wait(TIMEOUT_S):
    sys.exit("not connected")

ask("s", type="subscription", operation="subscribe",
    options={"filters": [{"column": "celsius", "operator": "gte", "value": 30}]})
row = ask("c", operation="create", data={"device": "roof", "celsius": 29})["data"]
ask("r", operation="read", options={"filters": [{"column": "device", "operator": "eq", "value": "roof"}]})
ask("u", operation="update", record_id=row["id"], data={"celsius": 31})
ask("d", operation="delete", record_id=row["id"])
ask("e", operation="read", options={"filters": [{"column": "nosuch", "operator": "eq", "value": 1}]})
wait_for(lambda one: one["payload"].get("operation") == "delete")

client.disconnect()
client.loop_stop()
