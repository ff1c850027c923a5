"""Reads rows over MQTT with paho-mqtt, 1.6 or 2: python3 read.py [host] [port]. Start `serve` first."""

import json
import sys
import threading
import uuid

import paho.mqtt.client as mqtt

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 1883
ME = "python-client"

ready, answered, replies = threading.Event(), threading.Event(), {}


def on_connect(client, userdata, flags, result_code, *_):
    client.subscribe(f"spec/{ME}/response", qos=1)


def on_message(client, userdata, message):
    reply = json.loads(message.payload)
    replies[reply["id"]] = reply
    answered.set()


def ask(client, **message):
    request_id = str(uuid.uuid4())
    answered.clear()
    client.publish(f"spec/{ME}/request", json.dumps({"id": request_id, **message}), qos=1)
    if not answered.wait(5):
        sys.exit("no answer within 5 s")
    return replies.pop(request_id)


version = getattr(mqtt, "CallbackAPIVersion", None)
client = mqtt.Client(version.VERSION2, client_id=ME) if version else mqtt.Client(client_id=ME)
client.on_connect = on_connect
client.on_message = on_message
client.on_subscribe = lambda *_: ready.set()
client.connect(HOST, PORT)
client.loop_start()
if not ready.wait(5):
    sys.exit("not subscribed within 5 s")

hot = {"column": "celsius", "operator": "gte", "value": 30}
reply = ask(client, type="request", operation="read", entity="readings", options={"filters": [hot]})
if not reply["success"]:
    sys.exit(f"{reply['error']['code']}: {reply['error']['message']}")
for row in reply["data"]:
    print(row["device_id"], row["celsius"])
print(reply["metadata"]["total"], "rows")

client.disconnect()
client.loop_stop()
