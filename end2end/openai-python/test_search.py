"""Sources of an answer, as the official Python client sees them."""

import unittest

from common import MODEL, OpenAiTestCase, says

WEB = "When is high tide? [[search tide tables]]"
X = "When is high tide? [[xsearch tide tables]]"


class SearchTest(OpenAiTestCase):
    def cited(self, answer):
        """The citations of an answer, after a look at each."""
        message = answer.choices[0].message
        self.assertTrue(message.annotations, message)
        for annotation in message.annotations:
            self.assertEqual(annotation.type, "url_citation")
            cited = annotation.url_citation
            self.assertTrue(cited.url.startswith("http"), cited)
            self.assertTrue(cited.title, cited)
            self.assertLess(cited.start_index, cited.end_index)
            self.assertTrue(message.content[cited.start_index:cited.end_index].strip(), cited)
        return [annotation.url_citation.url for annotation in message.annotations]

    def test_a_searched_answer_has_citations_with_places(self):
        answer = self.ask(WEB, web_search_options={})
        urls = self.cited(answer)
        self.assertEqual(sorted(set(urls)), sorted(answer.citations))

    def test_a_tool_of_the_request_switches_the_search_on(self):
        self.cited(self.ask(WEB, extra_body={"tools": [{"type": "web_search"}]}))

    def test_x_is_searched_too(self):
        answer = self.ask(X, extra_body={
            "search_parameters": {"mode": "on", "sources": [{"type": "x"}]}})
        self.assertTrue(any("x.com" in url for url in self.cited(answer)), answer.citations)

    def test_search_can_be_switched_off(self):
        answer = self.ask(WEB, extra_body={"search_parameters": {"mode": "off"}})
        self.assertFalse(answer.choices[0].message.annotations)
        self.assertFalse(getattr(answer, "citations", None))

    def test_a_stream_has_the_same_citations(self):
        whole = self.ask(WEB, web_search_options={})
        text, annotations, citations = "", [], None
        for chunk in self.ask(WEB, web_search_options={}, stream=True):
            citations = getattr(chunk, "citations", None) or citations
            for choice in chunk.choices:
                text += choice.delta.content or ""
                annotations += getattr(choice.delta, "annotations", None) or []
        self.assertEqual(text, whole.choices[0].message.content)
        self.assertEqual(citations, whole.citations)
        # A stream's parts say where in the list they belong; the client puts lists together by that.
        self.assertEqual([one.pop("index", at) for at, one in enumerate(annotations)],
                         list(range(len(annotations))))
        self.assertEqual(annotations,
                         [one.to_dict() for one in whole.choices[0].message.annotations])

    def test_the_stream_helper_keeps_citations(self):
        whole = self.ask(WEB, web_search_options={}).choices[0].message
        with self.client.chat.completions.stream(
                model=MODEL, messages=says(WEB), web_search_options={}) as stream:
            final = stream.get_final_completion().choices[0].message
        self.assertEqual(final.content, whole.content)
        self.assertEqual(len(final.annotations), len(whole.annotations))

    def test_a_search_is_seen_as_reasoning(self):
        chunks = self.ask(WEB, model="grok-4-thinking", web_search_options={}, stream=True)
        reasoning = "".join(getattr(choice.delta, "reasoning_content", None) or ""
                            for chunk in chunks for choice in chunk.choices)
        self.assertIn("tide tables", reasoning)


if __name__ == "__main__":
    unittest.main()
