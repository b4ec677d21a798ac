"""Messages between paired devices: ordered, kept while the other is away, never twice."""

import json
import subprocess
import unittest

from kith_process import OK, UNREACHABLE, USAGE, ProcessTest


class Messages(ProcessTest):
    def setUp(self):
        super().setUp()
        self.pair("alice", "bob")
        self.alice, self.bob = self.device_id("alice"), self.device_id("bob")

    def send(self, body, address, **options):
        return self.run_kith("alice", "message", self.bob, body, "--at", address, **options)

    def test_a_message_arrives_with_its_sender_and_id(self):
        receive, address = self.start_receive("bob")
        message = self.send('{"say": ["hello", 1]}', address)
        self.assertEqual(message.exit, OK, message.story())
        received = receive.wait_for("message")
        self.assertEqual(received["device_id"], self.alice)
        self.assertEqual(received["body"], {"say": ["hello", 1]})
        self.assertEqual(received["id"], message.all("queued")[0]["id"])
        self.assertEqual(received["id"], message.all("delivered")[0]["id"])

    def test_a_body_comes_from_standard_input(self):
        receive, address = self.start_receive("bob")
        body = self.top / "body.json"
        body.write_text(json.dumps("x" * 60000))
        with body.open() as stdin:
            message = self.send("-", address, stdin=stdin)
        self.assertEqual(message.exit, OK, message.story())
        self.assertEqual(receive.wait_for("message")["body"], "x" * 60000)

    def test_what_could_not_be_delivered_goes_out_with_the_next_in_order(self):
        receive, address = self.start_receive("bob")
        receive.interrupt()
        receive.finish()
        for number in (1, 2):
            message = self.send(str(number), address)
            self.assertEqual(message.exit, UNREACHABLE, message.story())
            self.assertIn("kept", message.all("error")[0]["hint"])
        receive, address = self.start_receive("bob")
        self.assertEqual(self.send("3", address).exit, OK)
        self.assertEqual([receive.wait_for("message")["body"] for _ in range(3)], [1, 2, 3])

    def test_a_message_is_shown_once_across_restarts_of_its_receiver(self):
        receive, address = self.start_receive("bob")
        self.assertEqual(self.send("1", address).exit, OK)
        receive.wait_for("message")
        receive.interrupt()
        receive.finish()
        receive, address = self.start_receive("bob")
        self.assertEqual(self.send("2", address).exit, OK)
        self.assertEqual(receive.wait_for("message")["body"], 2)

    def test_what_is_no_message_is_refused_before_anything_is_sent(self):
        for body, stdin in (("{", subprocess.DEVNULL), ("", subprocess.DEVNULL)):
            message = self.start("alice", "message", self.bob, body, stdin=stdin)
            self.assert_hint(self.assert_fails(message, USAGE, "invalid_argument"))
        large = self.top / "large.json"
        large.write_text(json.dumps("x" * 70000))
        with large.open() as stdin:
            message = self.start("alice", "message", self.bob, "-", stdin=stdin)
            self.assert_hint(self.assert_fails(message, USAGE, "invalid_argument", "65536"))


if __name__ == "__main__":
    unittest.main()
