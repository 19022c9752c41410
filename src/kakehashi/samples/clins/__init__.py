"""What 電子カルテ情報共有サービス takes, made from an institution's share of a person's records.

Source: CLINS implementation guide 1.11.0 (https://www.jpfhir.jp/fhir/eCS/ig/), eReferral, eDischargeSummary, eCheckup.
"""
